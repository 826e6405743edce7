"""What a site decides in files of its own: its questionnaire and its assignment rules, read from TOML and checked.

Each has a default in this folder, which a setting replaces by a file of the site's. A process reads them once, when it
starts.
"""
