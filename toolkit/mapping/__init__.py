"""Reading an export that nobody has seen before: which of its columns is which, and a source that reads it.

`profile` looks at the values of a sample, `toolkit.vocabulary` knows the words of headers and values in eight
languages, `guess` and `fit` put both together, `plan` asks what only a person can know, `expressions` and `write` make
the source folder, `run` is `toolkit map`, `frame` is `toolkit.map_columns`. What is slow is imported when it is used.
"""
