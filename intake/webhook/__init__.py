"""Texts from providers: verified, made durable and answered, on a short way for plain requests."""
