"""The desks' API for the war room: queues of what needs a person, taking and finishing items."""
