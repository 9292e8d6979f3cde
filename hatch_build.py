"""What a clone shows at its top goes into the package once it is installed; an editable install reads it where it is."""

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INSIDE = {
    "notebooks": "toolkit/notebooks",
    "data/sample": "toolkit/sample/data",
    "examples/schedules": "toolkit/schedules",
}


class PackTheRest(BuildHookInterface):
    """Adds those folders to a wheel that is no editable one."""

    def initialize(self, version, build_data):
        if version != "editable":
            build_data["force_include"].update(INSIDE)
