"""The one way in: every report is made durable, read, and answered, whatever its channel."""
