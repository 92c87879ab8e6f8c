"""The room's SQL in named blocks, and the one function that reads them."""
