"""How a database is taken along.

planning   the way from what is applied to what is wanted
lock       one run at a time
stepwise   a migration that no transaction holds
journal    where such a one stands
"""
