// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Governed} from "./Governed.sol";
import {Pausable} from "./Pausable.sol";
import {Roles} from "./Roles.sol";
import {SigningDomain} from "./SigningDomain.sol";
import {IAccessLedger} from "./interfaces/IAccessLedger.sol";
import {IAgencyRegistry} from "./interfaces/IAgencyRegistry.sol";
import {ICatalogue} from "./interfaces/ICatalogue.sol";
import {IConsentRegistry} from "./interfaces/IConsentRegistry.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IParameters} from "./interfaces/IParameters.sol";
import {IPausable} from "./interfaces/IPausable.sol";

/// @title AccessLedger, as IAccessLedger documents it
contract AccessLedger is Pausable, IAccessLedger {
    bytes32 private constant REQUEST_ACCESS_TYPEHASH =
        keccak256(
            "RequestAccess(address key,uint32 holder,uint32 item,uint32 itemVersion,uint16 purpose,uint8 basis,bytes32 basisRef,bytes32 scopeHash,bytes32 profile,uint64 until,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant DECIDE_ACCESS_TYPEHASH =
        keccak256(
            "DecideAccess(address key,bytes32 request,uint8 decision,uint32 itemVersion,bytes32 profile,uint64 expiresAt,uint32 uses,uint16 terms,uint64 destroyBy,bytes32 assessment,uint16 reason,bytes32 reasonHash,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant REVOKE_GRANT_TYPEHASH =
        keccak256("RevokeGrant(address key,bytes32 grant,uint16 reason,uint256 nonce,uint64 deadline)");
    bytes32 private constant WITHDRAW_REQUEST_TYPEHASH =
        keccak256("WithdrawRequest(address key,bytes32 request,uint256 nonce,uint64 deadline)");
    bytes32 private constant CLOSE_GRANT_TYPEHASH =
        keccak256("CloseGrant(address key,bytes32 grant,uint8 outcome,uint256 nonce,uint64 deadline)");

    bytes32 private constant GRANT_LIFE = "grantLife";
    uint8 private constant ACTIVE = 1;
    uint8 private constant CONDITIONAL = 2;
    uint8 private constant CONSENT = 1;
    uint8 private constant LAST_BASIS = 7;
    uint8 private constant GRANT = 1;
    uint8 private constant REFUSE = 2;
    uint8 private constant LAST_OUTCOME = 2;
    uint16 private constant KNOWN_TERMS = 15;

    uint8 private constant REQUESTED = 1;
    uint8 private constant GRANTED = 2;
    uint8 private constant REFUSED = 3;
    uint8 private constant WITHDRAWN = 4;
    uint8 private constant REVOKED = 5;
    uint8 private constant CLOSED = 6;

    IAgencyRegistry private immutable _registry;
    ICatalogue private immutable _catalogue;
    IConsentRegistry private immutable _consents;
    IParameters private immutable _parameters;

    mapping(bytes32 id => Access) private _accesses;

    /// @param governor_ Who may pause and lift a pause.
    /// @param registry_ The AgencyRegistry of this deployment.
    /// @param catalogue_ The Catalogue of this deployment.
    /// @param consents_ The ConsentRegistry of this deployment.
    /// @param parameters_ The Parameters contract of this deployment.
    constructor(
        address governor_,
        address registry_,
        address catalogue_,
        address consents_,
        address parameters_
    ) SigningDomain("Gongzhi AccessLedger") Governed(governor_) {
        _registry = IAgencyRegistry(_requireContract(registry_));
        _catalogue = ICatalogue(_requireContract(catalogue_));
        _consents = IConsentRegistry(_requireContract(consents_));
        _parameters = IParameters(_requireContract(parameters_));
    }

    /// @inheritdoc IAccessLedger
    function request(
        RequestAccess calldata message,
        bytes calldata signature
    ) external whenNotPaused returns (bytes32 id) {
        id = _consume(
            keccak256(abi.encode(REQUEST_ACCESS_TYPEHASH, message)),
            message.key,
            message.nonce,
            message.deadline,
            signature
        );
        uint32 reader = _entitledAgency(message.key, Roles.REQUEST);
        if (message.scopeHash == bytes32(0)) revert ScopeHashMissing();
        if (message.profile == bytes32(0)) revert ProfileMissing();
        if (message.until <= block.timestamp) revert ExpiryInvalid(message.until, type(uint64).max);
        if (message.basis == 0 || message.basis > LAST_BASIS) revert BasisUnknown(message.basis);
        if (message.basisRef == bytes32(0)) revert BasisRefMissing();
        _requireParties(reader, message);
        Access storage access = _accesses[id];
        access.reader = reader;
        access.holder = message.holder;
        access.item = message.item;
        access.itemVersion = message.itemVersion;
        access.purpose = message.purpose;
        access.basis = message.basis;
        access.state = REQUESTED;
        if (message.basis == CONSENT) access.consent = message.basisRef;
        _emitRequested(id, reader, message);
    }

    /// @inheritdoc IAccessLedger
    function decide(
        DecideAccess calldata message,
        bytes calldata signature
    ) external whenNotPaused {
        bytes32 structHash = keccak256(abi.encode(DECIDE_ACCESS_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Access storage access = _inState(message.request, REQUESTED);
        _requireParty(message.key, Roles.DECIDE, access.holder);
        if (message.decision == GRANT) _grant(access, message);
        else if (message.decision == REFUSE) _refuse(access, message);
        else revert DecisionInconsistent(message.decision);
    }

    /// @inheritdoc IAccessLedger
    function revoke(RevokeGrant calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(REVOKE_GRANT_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Access storage access = _inState(message.grant, GRANTED);
        _requireParty(message.key, Roles.DECIDE, access.holder);
        if (message.reason == 0) revert ReasonMissing();
        access.state = REVOKED;
        emit GrantRevoked(message.grant, message.reason);
    }

    /// @inheritdoc IAccessLedger
    function withdraw(WithdrawRequest calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(WITHDRAW_REQUEST_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Access storage access = _inState(message.request, REQUESTED);
        _requireParty(message.key, Roles.REQUEST, access.reader);
        access.state = WITHDRAWN;
        emit RequestWithdrawn(message.request);
    }

    /// @inheritdoc IAccessLedger
    function close(CloseGrant calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(CLOSE_GRANT_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Access storage access = _inState(message.grant, GRANTED);
        _requireParty(message.key, Roles.REQUEST, access.reader);
        if (message.outcome == 0 || message.outcome > LAST_OUTCOME) revert OutcomeUnknown(message.outcome);
        access.state = CLOSED;
        emit GrantClosed(message.grant, message.outcome);
    }

    /// @inheritdoc IAccessLedger
    function isUsable(bytes32 grant) external view returns (bool) {
        Access storage access = _accesses[grant];
        if (access.state != GRANTED || block.timestamp >= access.expiresAt) return false;
        if (!_isActive(access.reader) || !_isActive(access.holder)) return false;
        return access.basis != CONSENT || _consents.isLive(access.consent);
    }

    /// @inheritdoc IAccessLedger
    function accessInfo(bytes32 id) external view returns (Access memory) {
        return _accesses[id];
    }

    /// @inheritdoc IAccessLedger
    function registry() external view returns (address) {
        return address(_registry);
    }

    /// @inheritdoc IAccessLedger
    function catalogue() external view returns (address) {
        return address(_catalogue);
    }

    /// @inheritdoc IAccessLedger
    function consents() external view returns (address) {
        return address(_consents);
    }

    /// @inheritdoc IAccessLedger
    function parameters() external view returns (address) {
        return address(_parameters);
    }

    /// @inheritdoc SigningDomain
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return
            interfaceId == type(IAccessLedger).interfaceId ||
            interfaceId == type(IGoverned).interfaceId ||
            interfaceId == type(IPausable).interfaceId ||
            super.supportsInterface(interfaceId);
    }

    /// @inheritdoc Pausable
    function _agencyOfGuardian(address key) internal view override returns (uint32) {
        return _registry.entitledAgency(key, Roles.GUARDIAN);
    }

    function _grant(Access storage access, DecideAccess calldata message) private {
        if (message.reason != 0 || message.reasonHash != bytes32(0)) revert DecisionInconsistent(GRANT);
        if (message.profile == bytes32(0)) revert ProfileMissing();
        if (message.terms & ~KNOWN_TERMS != 0) revert TermsUnknown(message.terms);
        // A version never changes: the one that was asked for was judged then.
        if (message.itemVersion != access.itemVersion) _requireVersion(access, message.itemVersion);
        uint64 latest = uint64(block.timestamp) + _parameters.parameter(GRANT_LIFE);
        if (access.basis == CONSENT) {
            uint64 end = _matchingConsent(access.consent, access.reader, access.holder, access.purpose);
            if (end < latest) latest = end;
        }
        if (message.expiresAt <= block.timestamp || message.expiresAt > latest) {
            revert ExpiryInvalid(message.expiresAt, latest);
        }
        access.itemVersion = message.itemVersion;
        access.state = GRANTED;
        access.expiresAt = message.expiresAt;
        emit AccessGranted(
            message.request,
            access.reader,
            access.holder,
            message.key,
            message.itemVersion,
            message.profile,
            message.expiresAt,
            message.uses,
            message.terms,
            message.destroyBy,
            message.assessment
        );
    }

    function _refuse(Access storage access, DecideAccess calldata message) private {
        if (
            message.itemVersion != 0 ||
            message.profile != bytes32(0) ||
            message.expiresAt != 0 ||
            message.uses != 0 ||
            message.terms != 0 ||
            message.destroyBy != 0 ||
            message.assessment != bytes32(0)
        ) revert DecisionInconsistent(REFUSE);
        if (message.reason == 0) revert ReasonMissing();
        access.state = REFUSED;
        emit AccessRefused(
            message.request,
            access.reader,
            access.holder,
            message.key,
            message.reason,
            message.reasonHash
        );
    }

    function _requireParties(uint32 reader, RequestAccess calldata message) private view {
        if (message.holder == reader) revert HolderIsReader(reader);
        ICatalogue.Admission memory admission = _openItem(message.item, message.itemVersion);
        _requirePurpose(admission, message.item, message.purpose);
        (uint8 holderKind, uint8 status) = _registry.standing(message.holder);
        if (status != ACTIVE) revert AgencyNotActive(message.holder, status);
        _requireKind(admission.publisherKinds, message.item, holderKind);
        (uint8 readerKind, ) = _registry.standing(reader);
        _requireKind(admission.readerKinds, message.item, readerKind);
    }

    function _requireVersion(Access storage access, uint32 itemVersion) private view {
        uint32 item = access.item;
        ICatalogue.Admission memory admission = _openItem(item, itemVersion);
        _requirePurpose(admission, item, access.purpose);
        (uint8 kind, ) = _registry.standing(access.reader);
        _requireKind(admission.readerKinds, item, kind);
    }

    /// @dev The end of a consent that is live and for these parties and this purpose.
    function _matchingConsent(
        bytes32 consent,
        uint32 reader,
        uint32 holder,
        uint16 purpose
    ) private view returns (uint64 end) {
        uint32 recipient;
        uint32 giver;
        uint16 consented;
        (recipient, giver, consented, end) = _consents.liveTerms(consent);
        if (recipient != reader || giver != holder || consented != purpose) revert ConsentMismatch(consent);
    }

    function _openItem(
        uint32 item,
        uint32 itemVersion
    ) private view returns (ICatalogue.Admission memory admission) {
        admission = _catalogue.admission(item, itemVersion);
        if (admission.shareClass == 0 || admission.retired || itemVersion == 0) {
            revert ItemNotOpen(item, itemVersion);
        }
        if (admission.shareClass != CONDITIONAL) revert ShareClassNotConditional(item, admission.shareClass);
    }

    function _requirePurpose(
        ICatalogue.Admission memory admission,
        uint32 item,
        uint16 purpose
    ) private pure {
        if (purpose == 0 || (uint256(admission.purposes) >> purpose) & 1 == 0) {
            revert PurposeNotAllowed(item, purpose);
        }
    }

    function _requireKind(uint64 kinds, uint32 item, uint8 kind) private pure {
        if ((kinds >> kind) & 1 == 0) revert AgencyKindNotAdmitted(item, kind);
    }

    function _inState(bytes32 id, uint8 state) private view returns (Access storage access) {
        access = _accesses[id];
        if (access.state != state) revert StateWrong(id, access.state);
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

    function _emitRequested(bytes32 id, uint32 reader, RequestAccess calldata message) private {
        emit AccessRequested(
            id,
            reader,
            message.holder,
            message.key,
            message.item,
            message.itemVersion,
            message.purpose,
            message.basis,
            message.basisRef,
            message.scopeHash,
            message.profile,
            message.until
        );
    }
}
