"""Why the catalogue is not changed: branches of the tree in `ledger.errors`, with the same three lines each.

CatalogueRefused
├── ItemVersionTaken, ItemVersionNotNext
├── ItemNotChangeable
└── PlanNotDecided
"""

from ledger.errors import GongzhiError


class CatalogueRefused(GongzhiError):
    code = "catalogue_refused"
    when = "the catalogue would not take this change"
    remedy = "see `detail`; `gongzhi admin catalogue diff` says how every entry stands"


class ItemVersionTaken(CatalogueRefused):
    code = "item_version_taken"
    when = "a version of an item, of the duty list or of the calendar is on chain with other documents"
    remedy = "give what you changed the next version number: what is published never changes"


class ItemVersionNotNext(CatalogueRefused):
    code = "item_version_not_next"
    when = "a version is neither on chain nor the one after the newest there"
    remedy = "give it the number that `detail` names; versions count from 1, one by one"


class ItemNotChangeable(CatalogueRefused):
    code = "item_not_changeable"
    when = "an item is retired, or another agency is responsible for it"
    remedy = "take a new item number: an item keeps its responsible agency, and a retired one never comes back"


class PlanNotDecided(CatalogueRefused):
    code = "plan_not_decided"
    when = "what would be loaded is not the plan that was given, or the Council has not decided about this plan"
    remedy = "load what the plan was made of, or let the members decide about a new plan"
