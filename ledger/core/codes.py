"""Permanent codes: numbers that stand in contracts, statements and signed documents (formats page, section
12).

PERMANENT: codes are only ever appended, never renumbered, renamed to another meaning or removed. Purposes and
agency kinds also stand in bitmaps of the catalogue contract, bit n for code n.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, Self


class LabelledCode(IntEnum):
    """A code with a Chinese and an English label, for pages and reports."""

    zh: str
    en: str

    def __new__(cls, value: int, zh: str = "", en: str = "") -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.en = en
        return member

    @property
    def bit(self) -> int:
        """The code's bit in a bitmap: bit n for code n."""
        return 1 << self._value_


class Role(LabelledCode):
    """What a key may do; the code is the number of its bit in a key's role bitmap."""

    ADMIN = 0, "密钥管理", "binds and revokes keys of its agency"
    SUBMIT = 1, "发布", "signs submissions and marks"
    REQUEST = 2, "申请", "signs access requests"
    DECIDE = 3, "审批", "decides access requests"
    EMERGENCY = 4, "应急开启", "opens emergencies"
    SUPERVISE = 5, "应急会签", "co-signs and ends emergencies"
    REVIEW = 6, "事后复核", "reviews ended emergencies"
    ANCHOR = 7, "锚定", "sends anchors of a gateway"
    GUARDIAN = 8, "暂停", "pauses a module"
    AUDIT = 9, "审计", "audits"
    API_SIGN = 10, "网关签名", "signs a gateway's statements"
    RELAY = 11, "中继", "pays for transactions, holds no power"
    READ = 12, "查阅", "signs looks"


EXCLUSIVE_ROLES: Final = (
    (Role.REQUEST, Role.REVIEW),
    (Role.EMERGENCY, Role.SUPERVISE),
    (Role.EMERGENCY, Role.REVIEW),
    (Role.DECIDE, Role.AUDIT),
)
"""Pairs of roles that never stand on one key, nor on keys of one officer that are neither ended nor expired."""


class AgencyKind(LabelledCode):
    """Kind of a member agency."""

    DATA_BUREAU = 1, "数据局", "data bureau"
    COORDINATION = 2, "综治中心", "coordination centre"
    POLICE = 3, "公安", "police"
    JUSTICE = 4, "司法", "justice"
    CIVIL_AFFAIRS = 5, "民政", "civil affairs"
    HEALTH = 6, "卫健", "health"
    EMERGENCY_MANAGEMENT = 7, "应急管理", "emergency management"
    FIRE = 8, "消防", "fire"
    HOUSING = 9, "住建", "housing"
    URBAN_MANAGEMENT = 10, "城管", "urban management"
    MARKET_SUPERVISION = 11, "市场监管", "market supervision"
    EDUCATION = 12, "教育", "education"
    DISTRICT = 20, "区", "district"
    STREET = 21, "街道", "street"
    COMMUNITY = 22, "社区居委会", "community"
    PROPERTY_COMPANY = 30, "物业", "property company"
    OWNERS_COMMITTEE = 31, "业委会", "owners' committee"
    VOLUNTEERS = 32, "志愿者", "volunteers"
    SOCIAL_ORGANIZATION = 33, "社会组织", "social organization"
    HOSPITAL = 34, "医院", "hospital"
    CONTRACTOR = 35, "承包商", "contractor"
    AUDITOR = 40, "审计机构", "auditor"
    EVALUATOR = 41, "评估机构", "evaluator"
    SUPERVISOR = 42, "监督机构", "supervisor"


class Basis(LabelledCode):
    """Legal basis of a look (Personal Information Protection Law, Art. 13(1)-(7)); the names are LB1 to
    LB7.
    """

    CONSENT = 1, "本人同意", "consent of the person"
    CONTRACT = 2, "合同所必需", "contract with the person"
    STATUTORY_DUTY = 3, "法定职责", "statutory duty of the agency"
    EMERGENCY = 4, "紧急情况", "emergency: life, health, property, public health"
    PUBLIC_INFORMATION = 5, "已合法公开", "lawfully public information"
    PUBLIC_INTEREST = 6, "新闻与舆论监督", "news and supervision in the public interest"
    OTHER_LAW = 7, "其他法律规定", "other law"

    @property
    def short_name(self) -> str:
        """`LB1` to `LB7`."""
        return f"LB{self._value_}"


class Purpose(LabelledCode):
    """What a look is for, a closed list; the names are P01 to P13."""

    RESIDENCE_REGISTRATION = 1, "居住登记", "residence registration"
    INCIDENT_RESPONSE = 2, "事件处置", "incident response"
    HAZARD_RECTIFICATION = 3, "隐患整改", "hazard rectification"
    DISPUTE_MEDIATION = 4, "纠纷调解", "dispute mediation"
    FIRE_SAFETY = 5, "消防安全", "fire safety"
    EPIDEMIC_CONTROL = 6, "疫情防控", "epidemic control"
    CARE = 7, "独居老人与儿童关爱", "care of people living alone and children"
    SUPPLIES = 8, "应急物资", "supplies"
    PATROL_AND_VOLUNTEERS = 9, "巡逻与志愿服务", "patrol and volunteers"
    FACILITY_UPKEEP = 10, "设施维护", "facility upkeep"
    EVALUATION = 11, "评估统计", "evaluation and statistics"
    RIGHTS_AND_AUDIT = 12, "权利请求与审计", "rights request and audit"
    DRILL = 13, "演练（合成数据）", "drill, synthetic data only"

    @property
    def short_name(self) -> str:
        """`P01` to `P13`."""
        return f"P{self._value_:02d}"


class ShareClass(LabelledCode):
    """How a catalogue item is shared."""

    UNCONDITIONAL = 1, "无条件共享", "unconditional"
    CONDITIONAL = 2, "有条件共享", "conditional"
    NOT_SHARED = 3, "不予共享", "not shared"


class Tier(LabelledCode):
    """Name of a family of mask profiles; not an order."""

    T0 = 1, "统计与公众", "statistics and public"
    T1 = 2, "志愿者", "volunteer, bound to a task"
    T2 = 3, "物业与承包商", "property company, contractor"
    T2X = 4, "其他社区", "other community"
    T3 = 5, "本社区", "own community"
    T4 = 6, "街道", "street"
    T5 = 7, "部门职责", "department under its duty"
    T6 = 8, "监督", "supervision"
    E = 9, "应急", "emergency"


class Authority(LabelledCode):
    """By what a look is permitted."""

    CLASS1 = 1, "无条件共享", "class-1 item; id = document hash of the item version"
    GRANT = 2, "授权", "grant"
    EMERGENCY = 3, "应急", "emergency"
    PENDING_EMERGENCY = 4, "待上链应急", "emergency received and not yet on chain; id = action digest"
    SELF = 5, "本人", "the resident"
    AUDIT = 6, "审计", "audit"
    OWN = 7, "本机构", "the publisher itself; id, profile and tier are zero, any slot may open"


class EntryType(LabelledCode):
    """Type of an entry in a gateway's stream (formats page, section 5)."""

    SUBMISSION = 1, "提交", "submission"
    DISCLOSURE = 2, "披露", "disclosure"
    REFUSAL = 3, "拒绝", "refusal"
    QUERY = 4, "查询", "query that opens nothing"
    RECEIVED = 5, "收到", "signed action taken for relay"
    NOTICE = 6, "通知", "pushed headers"
    VOID = 7, "作废", "content that cannot be produced any more"


class QueryType(LabelledCode):
    """Type of a query that opens nothing."""

    COVERAGE = 1, "有无核查", "coverage"
    MATCH = 2, "比对", "match"
    STATISTICS = 4, "统计", "statistics"
    EXPORT = 5, "导出", "export"


class Mark(LabelledCode):
    """Mark on a record or one of its versions."""

    WITHDRAWN = 1, "撤回", "withdrawn"
    CORRECTED = 2, "更正", "corrected"
    DISPUTED = 3, "异议", "disputed"
    ERASED = 4, "删除", "erased"
    HOLD = 5, "保全", "hold"


HOLD_RELEASED = 6
"""Reason of a mark `hold` that ends its agency's hold on exactly this version: `released` in code set mark-reason."""


class VoidReason(LabelledCode):
    """Why a gateway declares content void."""

    LOST_IN_RESTORE = 1, "恢复时丢失", "lost in restore"
    GATEWAY_FAULT = 2, "网关故障", "gateway fault"
    KEY_COMPROMISE = 3, "密钥泄露", "key compromise"


class CaptureMode(LabelledCode):
    """How a consent was captured."""

    OWN_KEY = 1, "本人密钥", "own key"
    GUARDIAN = 2, "监护人", "guardian"
    WITNESSED_PAPER = 3, "见证纸质", "witnessed paper"
    ASSISTED = 4, "协助办理", "assisted"
    STATUTORY_NOTICE = 5, "法定告知", "statutory notice"


class GuardianRelation(LabelledCode):
    """Relation of a guardian to the person for whom he consents (Civil Code, Art. 27 to 32)."""

    PARENT = 1, "父母", "parent"
    GRANDPARENT = 2, "祖父母、外祖父母", "grandparent"
    SIBLING = 3, "兄、姐", "elder brother or sister"
    SPOUSE = 4, "配偶", "spouse"
    ADULT_CHILD = 5, "成年子女", "child of full age"
    OTHER_RELATIVE = 6, "其他近亲属", "other close relative"
    APPOINTED = 7, "指定或协议监护人", "appointed or agreed guardian"
    CIVIL_AFFAIRS = 8, "民政部门或居委会", "civil affairs department or residents' committee"


class DataCategory(LabelledCode):
    """Category of data that a consent names, by the class of a slot; bits of its bitmap. Class O needs no consent."""

    GENERAL = 1, "一般个人信息", "general personal data, class G"
    SENSITIVE = 2, "敏感个人信息", "sensitive personal data, class S"


class AccessDecision(LabelledCode):
    """What a holder decides about a request."""

    GRANTED = 1, "同意", "granted"
    REFUSED = 2, "不同意", "refused"


class Term(LabelledCode):
    """Terms of a grant; the code is the number of its bit."""

    NO_ONWARD = 0, "不得转交", "no onward sharing"
    ENTRUSTED = 1, "委托处理", "entrusted processing"
    STATISTICS_ONLY = 2, "仅供统计", "statistics only"
    NOTIFY_SUBJECT = 3, "告知本人", "notify the subject"


class Outcome(LabelledCode):
    """How a reader closes a grant."""

    ACCEPTED = 1, "验收", "accepted"
    DISPUTED = 2, "有异议", "disputed: what was delivered is not what was granted"


class ReviewVerdict(LabelledCode):
    """Verdict of a review; of several the worst, the greatest, counts."""

    JUSTIFIED = 1, "正当", "justified"
    FAULTS = 2, "正当但有瑕疵", "justified, with faults"
    NOT_JUSTIFIED = 3, "不正当", "not justified"


class Refusal(IntEnum):
    """Why a look was refused: code, stable name and what would be needed (policy page, table of the
    decision).
    """

    needed: str

    def __new__(cls, value: int, needed: str = "") -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.needed = needed
        return member

    KEY_NOT_ENTITLED = 1, "a key of an active agency, in time, with role READ (AUDIT for an audit)"
    ITEM_UNKNOWN = 2, "a record of this gateway whose item version is published and not retired"
    PURPOSE_NOT_ALLOWED = 3, "a purpose and a kind of reader that the catalogue item lists"
    ITEM_NOT_SHARED = 4, "another item: class 3 is never shared"
    NO_AUTHORITY = 5, "a class-1 item, a grant, an emergency, an audit, or being publisher or subject"
    GRANT_MISMATCH = 6, "a grant to this reader, for this item and purpose, by the record's publisher"
    GRANT_NOT_USABLE = 7, "a grant that is approved, in time and not revoked"
    BASIS_INCOMPLETE = 8, "LB1: live consent of the same subject; LB3: duty reference; LB4: case, that of the emergency"
    OUT_OF_SCOPE = 9, "a record within the scope's regions, time, classes or names"
    EMERGENCY_NOT_LIVE = 10, "a live emergency that lists item and region, co-signed in time"
    RECORD_WITHDRAWN = 11, "a record that is neither withdrawn nor erased"
    PROFILE_TOO_WIDE = 12, "a profile that opens no slot beyond the granted one (class 1: the item's)"
    QUOTA_EXHAUSTED = 13, "uses left in the grant and a rate within the quota"
    FACTS_STALE = 14, "a gateway that has seen a recent block; try again"

    @property
    def slug(self) -> str:
        """The stable name in problem bodies, as `key_not_entitled`."""
        return self.name.lower()


def bitmap_of(codes: Iterable[LabelledCode]) -> int:
    """Return the bitmap with bit n set for every code n, as the contracts hold roles, purposes and kinds."""
    bitmap = 0
    for code in codes:
        bitmap |= code.bit
    return bitmap


def roles_of(bitmap: int) -> frozenset[Role]:
    """Return the roles of a role bitmap; bits of roles that this version does not know are left out."""
    return frozenset(role for role in Role if bitmap & role.bit)


def excluded_pairs(bitmap: int) -> tuple[tuple[Role, Role], ...]:
    """Return the pairs of `EXCLUSIVE_ROLES` that a role bitmap holds together; a bindable key has none."""
    return tuple(pair for pair in EXCLUSIVE_ROLES if bitmap & pair[0].bit and bitmap & pair[1].bit)
