"""The wire contract: authored files, parsing, validation, the codec of messages, and what is published."""
