"""Reading an export that nobody has seen before: which of its columns is which, and a source that reads it.

`profile` looks at the values of a sample, `words` at the headers (names.toml and values.toml hold the words of eight
languages), `guess` and `fit` put both together, `plan` asks what only a person can know, `write` makes the source folder,
`run` is `toolkit map`, `frame` is `toolkit.map_columns`. Light: what is slow is imported when it is used.
"""
