"""`liuhen stations`."""

from api.cli.lazy import group

command = group(
    "stations",
    "Collection stations: list, and tokens to enrol them.",
    list="stations_list",
    enrol_token="stations_enrol_token",  # noqa: S106 - a module
)
