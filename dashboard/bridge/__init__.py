"""Between Flask's threads and the event loop: the background loop, security headers, compression."""
