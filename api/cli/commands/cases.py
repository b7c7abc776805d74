"""`liuhen cases`."""

from api.cli.lazy import group

command = group(
    "cases",
    "Cases: list, show, create, edit, link clips, export.",
    list="cases_list",
    show="cases_show",
    create="cases_create",
    edit="cases_edit",
    link="cases_link",
    unlink="cases_unlink",
    export="cases_export",
)
