"""The OpenAPI document of what intake takes and answers."""
