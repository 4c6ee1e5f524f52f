"""How files become migrations.

sources        folders of migrations
modules        the module of a file, whatever imports it
reading        the Migration of a module; what is wrong with one, in a sentence
bytecode       what Python has compiled of it
django_names   files that were written for Django
django_parts   what of Django such files need besides
"""
