"""PostgreSQL: finding the writable host, the pool, migrations, leadership, and the stored election."""
