"""`liuhen users`."""

from api.cli.lazy import group

command = group("users", "Accounts: add and list.", add="users_add", list="users_list")
