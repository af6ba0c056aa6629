// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Roles} from "./Roles.sol";
import {SigningDomain} from "./SigningDomain.sol";
import {TypedMessages} from "./TypedMessages.sol";
import {IAgencyRegistry} from "./interfaces/IAgencyRegistry.sol";
import {ICatalogue} from "./interfaces/ICatalogue.sol";
import {IEmergencyAccess} from "./interfaces/IEmergencyAccess.sol";
import {IParameters} from "./interfaces/IParameters.sol";

/// @title EmergencyAccess, as IEmergencyAccess documents it
contract EmergencyAccess is TypedMessages, IEmergencyAccess {
    bytes32 private constant OPEN_EMERGENCY_TYPEHASH =
        keccak256(
            "OpenEmergency(address key,address supervisor,address secondAgencyKey,bytes32 caseRef,uint32[] items,uint64 region,uint16 reason,bytes32 noteHash,uint64 expiresAt,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant CO_SIGN_EMERGENCY_TYPEHASH =
        keccak256("CoSignEmergency(address key,bytes32 emergency,uint256 nonce,uint64 deadline)");
    bytes32 private constant END_EMERGENCY_TYPEHASH =
        keccak256("EndEmergency(address key,bytes32 emergency,uint256 nonce,uint64 deadline)");
    bytes32 private constant REVIEW_EMERGENCY_TYPEHASH =
        keccak256(
            "ReviewEmergency(address key,bytes32 emergency,uint8 verdict,bytes32 documentHash,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant NOTE_NOTIFIED_TYPEHASH =
        keccak256(
            "NoteNotified(address key,bytes32 emergency,bytes32 documentHash,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant DEFER_NOTICE_TYPEHASH =
        keccak256(
            "DeferNotice(address key,bytes32 emergency,uint64 until,uint16 reason,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant NOTE_DESTROYED_TYPEHASH =
        keccak256(
            "NoteDestroyed(address key,bytes32 emergency,bytes32 documentHash,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant KEEP_DATA_TYPEHASH =
        keccak256(
            "KeepData(address key,bytes32 emergency,bytes32 assessment,uint256 nonce,uint64 deadline)"
        );

    bytes32 private constant EMERGENCY_LIFE = "emergencyLife";
    bytes32 private constant EMERGENCY_LIFE_UNSIGNED = "emergencyLifeUnsigned";
    bytes32 private constant REVIEW_AGENCY = "reviewAgency";
    bytes32 private constant REVIEW_AGENCY_SUBSTITUTE = "reviewAgencySubstitute";
    bytes32 private constant REVIEW_WITHIN = "reviewWithin";
    bytes32 private constant OVERDUE_REVIEW_LIMIT = "overdueReviewLimit";
    bytes32 private constant NOTICE_DEFERRAL = "noticeDeferral";

    uint8 private constant ACTIVE = 1;
    uint8 private constant NOT_SHARED = 3;
    uint8 private constant JUSTIFIED = 1;
    uint8 private constant LAST_VERDICT = 3;
    uint8 private constant DEFERRED = 1;
    uint8 private constant GIVEN = 2;
    uint8 private constant KEPT = 1;
    uint8 private constant DESTROYED = 2;
    uint64 private constant REGION_LIMIT = 1e15;
    uint256 private constant MOST_ITEMS = 16;
    uint256 private constant MOST_LISTED = 64;

    IAgencyRegistry private immutable _registry;
    ICatalogue private immutable _catalogue;
    IParameters private immutable _parameters;

    mapping(bytes32 id => Emergency) private _emergencies;
    mapping(uint32 agency => mapping(bytes32 caseRef => bool)) private _cases;
    /// @dev When the reviews that are not done yet fall due, 0 where one was done; at most 64 an agency.
    mapping(uint32 agency => uint64[]) private _dues;
    /// @dev Reviews not done yet for which there was no place; they count as overdue at once.
    mapping(uint32 agency => uint256) private _unlisted;

    /// @param registry_ The AgencyRegistry of this deployment.
    /// @param catalogue_ The Catalogue of this deployment.
    /// @param parameters_ The Parameters contract of this deployment.
    constructor(
        address registry_,
        address catalogue_,
        address parameters_
    ) SigningDomain("Gongzhi EmergencyAccess") {
        _registry = IAgencyRegistry(_requireContract(registry_));
        _catalogue = ICatalogue(_requireContract(catalogue_));
        _parameters = IParameters(_requireContract(parameters_));
    }

    /// @inheritdoc IEmergencyAccess
    function open(
        OpenEmergency calldata message,
        bytes calldata signature,
        bytes calldata supervisorSignature,
        bytes calldata secondAgencySignature
    ) external returns (bytes32 id) {
        id = _consume(_hashOf(message), message.key, message.nonce, message.deadline, signature);
        uint32 agency = _entitledAgency(message.key, Roles.EMERGENCY);
        _requireContent(message);
        uint32 reviewer = _assignedReviewer(agency);
        if (reviewer == 0) revert ReviewerMissing(agency);
        _requireSupervisor(id, agency, message, supervisorSignature);
        (uint256 overdue, uint256 place) = _scan(agency);
        uint32 secondAgency = _secondAgency(
            id,
            agency,
            reviewer,
            overdue,
            message.secondAgencyKey,
            secondAgencySignature
        );
        _cases[agency][message.caseRef] = true;
        uint64 reviewDueAt = message.expiresAt + _parameters.parameter(REVIEW_WITHIN);
        Emergency storage emergency = _emergencies[id];
        emergency.agency = agency;
        emergency.reviewer = reviewer;
        emergency.expiresAt = uint40(message.expiresAt);
        emergency.unsignedUntil = uint40(_unsignedUntil(message.expiresAt));
        if (message.supervisor != address(0)) emergency.coSigned = 1;
        emergency.place = uint8(place);
        _list(agency, place, reviewDueAt);
        _emitOpened(id, emergency, message, secondAgency, reviewDueAt);
    }

    /// @inheritdoc IEmergencyAccess
    function coSign(CoSignEmergency calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(CO_SIGN_EMERGENCY_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Emergency storage emergency = _living(message.emergency);
        _requireParty(message.key, Roles.SUPERVISE, emergency.agency);
        if (emergency.coSigned != 0) revert AlreadyCoSigned(message.emergency);
        emergency.coSigned = 1;
        emit EmergencyCoSigned(message.emergency, message.key);
    }

    /// @inheritdoc IEmergencyAccess
    function end(EndEmergency calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(END_EMERGENCY_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Emergency storage emergency = _living(message.emergency);
        _requireOpener(message.key, emergency);
        emergency.endedAt = uint40(block.timestamp);
        emit EmergencyEnded(message.emergency, message.key);
    }

    /// @inheritdoc IEmergencyAccess
    function review(ReviewEmergency calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(REVIEW_EMERGENCY_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Emergency storage emergency = _over(message.emergency);
        if (message.verdict == 0 || message.verdict > LAST_VERDICT) revert VerdictUnknown(message.verdict);
        if (message.documentHash == bytes32(0)) revert DocumentHashMissing();
        uint32 agency = _entitledAgency(message.key, Roles.REVIEW);
        if (agency != emergency.reviewer) _replaceReviewer(message.emergency, emergency, agency);
        uint8 worst = emergency.verdict;
        if (worst == 0) _unlist(emergency.agency, emergency.place);
        else if (message.verdict == JUSTIFIED) revert VerdictNotAdverse(message.verdict);
        if (message.verdict > worst) emergency.verdict = message.verdict;
        emit EmergencyReviewed(
            message.emergency,
            agency,
            message.key,
            message.verdict,
            message.documentHash
        );
    }

    /// @inheritdoc IEmergencyAccess
    function notified(NoteNotified calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(NOTE_NOTIFIED_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Emergency storage emergency = _over(message.emergency);
        _requireOpener(message.key, emergency);
        if (message.documentHash == bytes32(0)) revert DocumentHashMissing();
        if (emergency.notice == GIVEN) revert NoticeAlreadyGiven(message.emergency);
        emergency.notice = GIVEN;
        emit NoticeGiven(message.emergency, message.documentHash);
    }

    /// @inheritdoc IEmergencyAccess
    function deferNotice(DeferNotice calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(DEFER_NOTICE_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Emergency storage emergency = _known(message.emergency);
        _requireOpener(message.key, emergency);
        if (message.reason == 0) revert ReasonMissing();
        uint64 latest = uint64(block.timestamp) + _parameters.parameter(NOTICE_DEFERRAL);
        _requireExpiry(message.until, latest);
        if (emergency.notice == GIVEN) revert NoticeAlreadyGiven(message.emergency);
        emergency.notice = DEFERRED;
        emit NoticeDeferred(message.emergency, message.until, message.reason);
    }

    /// @inheritdoc IEmergencyAccess
    function destroyed(NoteDestroyed calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(NOTE_DESTROYED_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Emergency storage emergency = _over(message.emergency);
        _requireOpener(message.key, emergency);
        if (message.documentHash == bytes32(0)) revert DocumentHashMissing();
        if (emergency.destruction == DESTROYED) revert DestructionSettled(message.emergency, DESTROYED);
        emergency.destruction = DESTROYED;
        emit DataDestroyed(message.emergency, message.documentHash);
    }

    /// @inheritdoc IEmergencyAccess
    function keep(KeepData calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(KEEP_DATA_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Emergency storage emergency = _over(message.emergency);
        _requireOpener(message.key, emergency);
        if (message.assessment == bytes32(0)) revert DocumentHashMissing();
        if (emergency.destruction != 0) {
            revert DestructionSettled(message.emergency, emergency.destruction);
        }
        emergency.destruction = KEPT;
        emit DataKept(message.emergency, message.assessment);
    }

    /// @inheritdoc IEmergencyAccess
    function isLive(bytes32 emergency) external view returns (bool) {
        Emergency storage opened = _emergencies[emergency];
        return opened.agency != 0 && block.timestamp < _endOf(opened) && _isActive(opened.agency);
    }

    /// @inheritdoc IEmergencyAccess
    function emergencyInfo(bytes32 emergency) external view returns (Emergency memory) {
        return _emergencies[emergency];
    }

    /// @inheritdoc IEmergencyAccess
    function overdueReviews(uint32 agency) external view returns (uint256 overdue) {
        (overdue, ) = _scan(agency);
    }

    /// @inheritdoc IEmergencyAccess
    function wasCaseOpened(uint32 agency, bytes32 caseRef) external view returns (bool) {
        return _cases[agency][caseRef];
    }

    /// @inheritdoc IEmergencyAccess
    function registry() external view returns (address) {
        return address(_registry);
    }

    /// @inheritdoc IEmergencyAccess
    function catalogue() external view returns (address) {
        return address(_catalogue);
    }

    /// @inheritdoc IEmergencyAccess
    function parameters() external view returns (address) {
        return address(_parameters);
    }

    /// @inheritdoc SigningDomain
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IEmergencyAccess).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @dev A struct with an array is hashed member by member.
    function _hashOf(OpenEmergency calldata message) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    OPEN_EMERGENCY_TYPEHASH,
                    message.key,
                    message.supervisor,
                    message.secondAgencyKey,
                    message.caseRef,
                    keccak256(abi.encodePacked(message.items)),
                    message.region,
                    message.reason,
                    message.noteHash,
                    message.expiresAt,
                    message.nonce,
                    message.deadline
                )
            );
    }

    function _requireContent(OpenEmergency calldata message) private view {
        if (message.caseRef == bytes32(0)) revert CaseRefMissing();
        if (message.region == 0 || message.region >= REGION_LIMIT) revert RegionInvalid(message.region);
        if (message.reason == 0) revert ReasonMissing();
        _requireExpiry(message.expiresAt, uint64(block.timestamp) + _parameters.parameter(EMERGENCY_LIFE));
        uint256 count = message.items.length;
        if (count == 0 || count > MOST_ITEMS) revert ItemCountInvalid(count);
        uint32 previous;
        for (uint256 i; i < count; ++i) {
            uint32 item = message.items[i];
            if (item <= previous) revert ItemsNotAscending(item);
            ICatalogue.Admission memory admission = _catalogue.admission(item, 0);
            if (admission.shareClass == 0 || admission.retired || admission.shareClass == NOT_SHARED) {
                revert ItemNotOpen(item, 0);
            }
            previous = item;
        }
    }

    function _requireSupervisor(
        bytes32 digest,
        uint32 agency,
        OpenEmergency calldata message,
        bytes calldata signature
    ) private view {
        if (message.supervisor == address(0)) {
            if (_cases[agency][message.caseRef]) revert CoSignatureRequired(agency, message.caseRef);
            return;
        }
        _requireSigned(digest, message.supervisor, signature);
        _requireParty(message.supervisor, Roles.SUPERVISE, agency);
    }

    function _secondAgency(
        bytes32 digest,
        uint32 agency,
        uint32 reviewer,
        uint256 overdue,
        address key,
        bytes calldata signature
    ) private view returns (uint32 second) {
        if (key == address(0)) {
            uint256 limit = _parameters.parameter(OVERDUE_REVIEW_LIMIT);
            if (overdue > limit) revert SecondAgencyRequired(agency, overdue, limit);
            return 0;
        }
        _requireSigned(digest, key, signature);
        second = _entitledAgency(key, Roles.SUPERVISE);
        if (second == agency || second == reviewer) revert SecondAgencyInvalid(second);
    }

    /// @dev The agency that Parameters assign now, 0 if there is none that is active and not `opener`.
    function _assignedReviewer(uint32 opener) private view returns (uint32 reviewer) {
        reviewer = uint32(_parameters.parameter(REVIEW_AGENCY));
        if (reviewer == opener || !_isActive(reviewer)) {
            reviewer = uint32(_parameters.parameter(REVIEW_AGENCY_SUBSTITUTE));
            if (reviewer == opener || !_isActive(reviewer)) reviewer = 0;
        }
    }

    function _replaceReviewer(bytes32 id, Emergency storage emergency, uint32 agency) private {
        uint32 reviewer = emergency.reviewer;
        if (_isActive(reviewer) || agency != _assignedReviewer(emergency.agency)) {
            revert NotParty(agency, reviewer);
        }
        emergency.reviewer = agency;
        emit ReviewerReplaced(id, agency);
    }

    function _unsignedUntil(uint64 expiresAt) private view returns (uint64 until) {
        until = uint64(block.timestamp) + _parameters.parameter(EMERGENCY_LIFE_UNSIGNED);
        if (expiresAt < until) until = expiresAt;
    }

    function _requireExpiry(uint64 expiresAt, uint64 latest) private view {
        if (expiresAt <= block.timestamp || expiresAt > latest) revert ExpiryInvalid(expiresAt, latest);
    }

    /// @dev How many reviews are overdue, and a free place: `MOST_LISTED` if there is none.
    function _scan(uint32 agency) private view returns (uint256 overdue, uint256 place) {
        uint64[] storage dues = _dues[agency];
        uint256 count = dues.length;
        overdue = _unlisted[agency];
        place = count;
        for (uint256 i; i < count; ++i) {
            uint64 due = dues[i];
            if (due == 0) place = i;
            else if (due <= block.timestamp) ++overdue;
        }
    }

    function _list(uint32 agency, uint256 place, uint64 due) private {
        uint64[] storage dues = _dues[agency];
        if (place == MOST_LISTED) ++_unlisted[agency];
        else if (place == dues.length) dues.push(due);
        else dues[place] = due;
    }

    function _unlist(uint32 agency, uint256 place) private {
        if (place == MOST_LISTED) --_unlisted[agency];
        else _dues[agency][place] = 0;
    }

    function _endOf(Emergency storage emergency) private view returns (uint64) {
        if (emergency.endedAt != 0) return emergency.endedAt;
        return emergency.coSigned != 0 ? emergency.expiresAt : emergency.unsignedUntil;
    }

    function _known(bytes32 id) private view returns (Emergency storage emergency) {
        emergency = _emergencies[id];
        if (emergency.agency == 0) revert EmergencyUnknown(id);
    }

    function _living(bytes32 id) private view returns (Emergency storage emergency) {
        emergency = _known(id);
        uint64 over = _endOf(emergency);
        if (block.timestamp >= over) revert EmergencyOver(id, over);
    }

    function _over(bytes32 id) private view returns (Emergency storage emergency) {
        emergency = _known(id);
        uint64 over = _endOf(emergency);
        if (block.timestamp < over) revert EmergencyStillLive(id, over);
    }

    function _isActive(uint32 agency) private view returns (bool) {
        (, uint8 status) = _registry.standing(agency);
        return status == ACTIVE;
    }

    function _entitledAgency(address key, uint8 role) private view returns (uint32 agency) {
        agency = _registry.entitledAgency(key, role);
        if (agency == 0) revert KeyNotEntitled(key, role);
    }

    function _requireParty(address key, uint8 role, uint32 party) private view {
        uint32 agency = _entitledAgency(key, role);
        if (agency != party) revert NotParty(agency, party);
    }

    function _requireOpener(address key, Emergency storage emergency) private view {
        uint32 agency = _registry.entitledAgency(key, Roles.EMERGENCY);
        if (agency == 0) agency = _entitledAgency(key, Roles.SUPERVISE);
        if (agency != emergency.agency) revert NotParty(agency, emergency.agency);
    }

    function _emitOpened(
        bytes32 id,
        Emergency storage emergency,
        OpenEmergency calldata message,
        uint32 secondAgency,
        uint64 reviewDueAt
    ) private {
        emit EmergencyOpened(
            id,
            emergency.agency,
            message.caseRef,
            message.key,
            message.supervisor,
            secondAgency,
            message.region,
            message.reason,
            message.noteHash,
            message.expiresAt,
            emergency.unsignedUntil,
            emergency.reviewer,
            reviewDueAt
        );
        for (uint256 i; i < message.items.length; ++i) emit EmergencyItemOpened(id, message.items[i]);
    }
}
