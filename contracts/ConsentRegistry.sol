// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Governed} from "./Governed.sol";
import {Pausable} from "./Pausable.sol";
import {Roles} from "./Roles.sol";
import {SigningDomain} from "./SigningDomain.sol";
import {IAgencyRegistry} from "./interfaces/IAgencyRegistry.sol";
import {IConsentRegistry} from "./interfaces/IConsentRegistry.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IPausable} from "./interfaces/IPausable.sol";

/// @title ConsentRegistry, as IConsentRegistry documents it
contract ConsentRegistry is Pausable, IConsentRegistry {
    bytes32 private constant RECORD_CONSENT_TYPEHASH =
        keccak256(
            "RecordConsent(address key,bytes32 subjectTag,uint32 recipient,uint32 holder,uint64 categories,uint16 purpose,bytes32 scopeHash,bytes32 textHash,bytes32 evidenceHash,address controller,uint32 capturedBy,uint8 captureMode,uint64 validFrom,uint64 validUntil,bytes32 salt,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant WITHDRAW_CONSENT_TYPEHASH =
        keccak256(
            "WithdrawConsent(address key,bytes32 consent,uint16 reason,uint256 nonce,uint64 deadline)"
        );

    uint8 private constant ACTIVE = 1;
    uint8 private constant KEY_BOUND = 1;
    uint8 private constant GUARDIAN = 2;
    uint8 private constant LAST_MODE = 5;
    uint8 private constant RECORDED = 1;
    uint8 private constant WITHDRAWN = 2;
    uint16 private constant LAST_PURPOSE = 52;
    uint64 private constant KNOWN_BITS = (uint64(1) << 53) - 2;
    uint64 private constant TIME_LIMIT = uint64(1) << 53;

    IAgencyRegistry private immutable _registry;

    mapping(bytes32 consent => Consent) private _consents;
    mapping(bytes32 subjectTag => bool) private _usedTags;

    /// @param governor_ Who may pause and lift a pause.
    /// @param registry_ The AgencyRegistry of this deployment.
    constructor(
        address governor_,
        address registry_
    ) SigningDomain("Gongzhi ConsentRegistry") Governed(governor_) {
        _registry = IAgencyRegistry(_requireContract(registry_));
    }

    /// @inheritdoc IConsentRegistry
    function record(
        RecordConsent calldata message,
        bytes calldata signature
    ) external whenNotPaused returns (bytes32 consent) {
        bytes32 structHash = keccak256(abi.encode(RECORD_CONSENT_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        _requireCapture(message);
        _requireTerms(message);
        _requireActive(message.recipient);
        _requireActive(message.holder);
        if (_usedTags[message.subjectTag]) revert SubjectTagUsed(message.subjectTag);
        _usedTags[message.subjectTag] = true;
        consent = _idOf(message);
        _store(_consents[consent], message);
        _emitRecorded(consent, message);
    }

    /// @inheritdoc IConsentRegistry
    function withdraw(WithdrawConsent calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(WITHDRAW_CONSENT_TYPEHASH, message));
        _consume(structHash, message.key, message.nonce, message.deadline, signature);
        Consent storage consent = _consents[message.consent];
        if (consent.state == 0) revert ConsentUnknown(message.consent);
        if (!_mayWithdraw(consent, message.key)) revert NotController(message.key, message.consent);
        if (consent.state == WITHDRAWN) revert ConsentAlreadyWithdrawn(message.consent);
        if (message.reason == 0) revert ReasonMissing();
        consent.state = WITHDRAWN;
        emit ConsentWithdrawn(message.consent, message.reason);
    }

    /// @inheritdoc IConsentRegistry
    function consentInfo(bytes32 consent) external view returns (Consent memory) {
        return _consents[consent];
    }

    /// @inheritdoc IConsentRegistry
    function isLive(bytes32 consent) external view returns (bool) {
        return _isLive(_consents[consent]);
    }

    /// @inheritdoc IConsentRegistry
    function liveTerms(
        bytes32 consent
    ) external view returns (uint32 recipient, uint32 holder, uint16 purpose, uint64 validUntil) {
        Consent storage given = _consents[consent];
        if (_isLive(given)) return (given.recipient, given.holder, given.purpose, given.validUntil);
    }

    /// @inheritdoc IConsentRegistry
    function isTagUsed(bytes32 subjectTag) external view returns (bool) {
        return _usedTags[subjectTag];
    }

    /// @inheritdoc IConsentRegistry
    function registry() external view returns (address) {
        return address(_registry);
    }

    /// @inheritdoc SigningDomain
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return
            interfaceId == type(IConsentRegistry).interfaceId ||
            interfaceId == type(IGoverned).interfaceId ||
            interfaceId == type(IPausable).interfaceId ||
            super.supportsInterface(interfaceId);
    }

    /// @inheritdoc Pausable
    function _agencyOfGuardian(address key) internal view override returns (uint32) {
        return _registry.entitledAgency(key, Roles.GUARDIAN);
    }

    function _requireCapture(RecordConsent calldata message) private view {
        uint8 mode = message.captureMode;
        if (mode == 0 || mode > LAST_MODE) revert CaptureModeUnknown(mode);
        bool controlled = mode <= GUARDIAN;
        if (
            controlled
                ? message.controller != message.key || message.capturedBy != 0
                : message.controller != address(0) || message.capturedBy == 0
        ) revert CaptureInconsistent(mode, message.controller, message.capturedBy);
        if (controlled) {
            // Nonce 0 is used once, so this key never controls a second consent.
            if (message.nonce != 0) revert ControllerNotFresh(message.controller, message.nonce);
        } else if (_registry.entitledAgency(message.key, Roles.SUBMIT) != message.capturedBy) {
            revert KeyNotEntitled(message.key, Roles.SUBMIT);
        }
    }

    function _requireTerms(RecordConsent calldata message) private view {
        if (message.subjectTag == bytes32(0)) revert SubjectTagMissing();
        if (
            message.scopeHash == bytes32(0) ||
            message.textHash == bytes32(0) ||
            message.evidenceHash == bytes32(0)
        ) revert DocumentHashMissing();
        if (message.categories == 0 || message.categories & ~KNOWN_BITS != 0) {
            revert CategoriesInvalid(message.categories);
        }
        if (message.purpose == 0 || message.purpose > LAST_PURPOSE) revert PurposeInvalid(message.purpose);
        if (
            message.validFrom >= message.validUntil ||
            message.validUntil <= block.timestamp ||
            message.validUntil >= TIME_LIMIT
        ) revert ValidityInvalid(message.validFrom, message.validUntil);
    }

    function _requireActive(uint32 agency) private view {
        (, uint8 status) = _registry.standing(agency);
        if (status != ACTIVE) revert AgencyNotActive(agency, status);
    }

    /// @dev The witnessing agency's status is not looked at: a suspended agency still withdraws what it witnessed.
    function _mayWithdraw(Consent storage consent, address key) private view returns (bool) {
        uint32 capturedBy = consent.capturedBy;
        if (capturedBy == 0) return key == consent.controller;
        IAgencyRegistry.KeyInfo memory info = _registry.keyInfo(key);
        return
            info.agency == capturedBy &&
            info.state == KEY_BOUND &&
            (info.roles >> Roles.SUBMIT) & 1 == 1 &&
            info.validFrom <= block.timestamp &&
            block.timestamp < info.validUntil;
    }

    function _isLive(Consent storage consent) private view returns (bool) {
        return
            consent.state == RECORDED &&
            consent.validFrom <= block.timestamp &&
            block.timestamp < consent.validUntil;
    }

    function _idOf(RecordConsent calldata message) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    message.subjectTag,
                    message.recipient,
                    message.holder,
                    message.categories,
                    message.purpose,
                    message.scopeHash,
                    message.textHash,
                    message.evidenceHash,
                    message.controller,
                    message.capturedBy,
                    message.salt
                )
            );
    }

    /// @dev The id holds the tag, and a tag is used once: nothing stands there yet.
    function _store(Consent storage consent, RecordConsent calldata message) private {
        consent.recipient = message.recipient;
        consent.holder = message.holder;
        consent.purpose = message.purpose;
        consent.captureMode = message.captureMode;
        consent.state = RECORDED;
        consent.validFrom = message.validFrom;
        consent.validUntil = message.validUntil;
        consent.controller = message.controller;
        consent.capturedBy = message.capturedBy;
    }

    function _emitRecorded(bytes32 consent, RecordConsent calldata message) private {
        emit ConsentRecorded(
            consent,
            message.recipient,
            message.holder,
            message.subjectTag,
            message.categories,
            message.purpose,
            message.scopeHash,
            message.textHash,
            message.evidenceHash,
            message.controller,
            message.capturedBy,
            message.captureMode,
            message.validFrom,
            message.validUntil,
            message.salt
        );
    }
}
