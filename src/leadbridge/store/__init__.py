"""What leadbridge remembers: tables, statements, transactions, the write lane. The only home of SQLAlchemy.

Flat functions take a `Transaction` and rows; a row is a plain dict whose keys are column names. Every write
takes many rows. SQLite and PostgreSQL behave alike; where they differ, the difference is in `dialects`.
"""
