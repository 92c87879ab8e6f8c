"""The desks' pages: queues of what needs a person, worked by keyboard."""
