"""`liuhen users`."""

from api.cli.lazy import group

command = group(
    "users",
    "Accounts: add, list, give a new password.",
    add="users_add",
    list="users_list",
    reset_password="users_reset_password",  # noqa: S106 - a module
)
