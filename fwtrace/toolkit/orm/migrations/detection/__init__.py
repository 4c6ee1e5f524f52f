"""From two states to the migrations between them, for the autodetector.

comparison    what is the same: fields, options, and what is in them
references    what a field, an index or a constraint names
steps         operations with what they need and what they give
pieces        the steps for one field, index or constraint
wholes        those that make or delete a model
alterations   those that change one
renames       models and fields under another name
differences   all of them
arrangement   their order, and the migrations that they are cut into
"""
