"""A county's own data taken into use: the election folder to the database and back."""
