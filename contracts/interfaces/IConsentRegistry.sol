// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Consents of residents, which nobody can join on chain
/// @notice A consent lets one agency (the holder) give records of a person to another (the recipient), for one purpose,
/// for a time. The person is a tag made with a secret key; a tag stands in one consent only, and a key that controls a
/// consent signs one consent only, so no two consents of a person have anything in common. The id of a consent is
/// keccak256(abi.encode(subjectTag, recipient, holder, categories, purpose, scopeHash, textHash, evidenceHash,
/// controller, capturedBy, salt)). Withdrawal is final, is never paused, and asks no other contract where the controlling
/// key withdraws. Expiry is computed, never stored.
interface IConsentRegistry {
    /// @notice Signed by `key`: the key that controls the consent, or a key of the agency that witnessed it.
    /// @param key Key that signs. Captured by own key (1) or guardian (2): equal to `controller`, fresh. Witnessed paper (3),
    /// assisted (4), statutory notice (5): a SUBMIT key of `capturedBy`.
    /// @param subjectTag Tag of the person for this consent alone, made with a secret key; not zero.
    /// @param recipient Agency that may receive.
    /// @param holder Agency that may give.
    /// @param categories Categories of data (bitmap, bits 1 to 52), not empty.
    /// @param purpose Code of the purpose, 1 to 52.
    /// @param scopeHash Keccak-256 of the salted scope document, not zero.
    /// @param textHash Keccak-256 of the text as it was shown, not zero.
    /// @param evidenceHash Keccak-256 of the salted evidence, not zero; a second witness's key stands in it.
    /// @param controller Key of this consent alone, the person's or guardian's; zero where an agency witnessed.
    /// @param capturedBy Agency that witnessed; 0 where the controlling key signs.
    /// @param captureMode 1 own key, 2 guardian, 3 witnessed paper, 4 assisted, 5 statutory notice.
    /// @param validFrom First second of validity (Unix seconds).
    /// @param validUntil First second after validity (Unix seconds).
    /// @param salt 32 random bytes.
    /// @param nonce Keyed nonce of `key`; 0 where that is the controlling key.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct RecordConsent {
        address key;
        bytes32 subjectTag;
        uint32 recipient;
        uint32 holder;
        uint64 categories;
        uint16 purpose;
        bytes32 scopeHash;
        bytes32 textHash;
        bytes32 evidenceHash;
        address controller;
        uint32 capturedBy;
        uint8 captureMode;
        uint64 validFrom;
        uint64 validUntil;
        bytes32 salt;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`: the controlling key, or a SUBMIT key of the agency that witnessed, even if that agency is
    /// suspended.
    /// @param key Key that signs.
    /// @param consent Id of the consent.
    /// @param reason Code of the reason, not 0.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct WithdrawConsent {
        address key;
        bytes32 consent;
        uint16 reason;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice What is known of a consent now; members as in `RecordConsent`.
    /// @param state 1 recorded, 2 withdrawn; 0 = no such consent. An expired one stays 1.
    struct Consent {
        uint32 recipient;
        uint32 holder;
        uint16 purpose;
        uint8 captureMode;
        uint8 state;
        uint64 validFrom;
        uint64 validUntil;
        address controller;
        uint32 capturedBy;
    }

    /// @notice A consent was recorded; members as in `RecordConsent`.
    event ConsentRecorded(
        bytes32 indexed consent,
        uint32 indexed recipient,
        uint32 indexed holder,
        bytes32 subjectTag,
        uint64 categories,
        uint16 purpose,
        bytes32 scopeHash,
        bytes32 textHash,
        bytes32 evidenceHash,
        address controller,
        uint32 capturedBy,
        uint8 captureMode,
        uint64 validFrom,
        uint64 validUntil,
        bytes32 salt
    );

    /// @notice A consent was withdrawn, for ever.
    /// @param consent Id of the consent.
    /// @param reason Code of the reason.
    event ConsentWithdrawn(bytes32 indexed consent, uint16 reason);

    /// @notice The key may not act in this role now.
    error KeyNotEntitled(address key, uint8 role);
    /// @notice The agency is not a registered, active one.
    error AgencyNotActive(uint32 agency, uint8 status);
    /// @notice A capture mode is 1 to 5.
    error CaptureModeUnknown(uint8 captureMode);
    /// @notice Own key and guardian: `key` controls and no agency captured. Otherwise: nobody controls, an agency captured.
    error CaptureInconsistent(uint8 captureMode, address controller, uint32 capturedBy);
    /// @notice A controlling key records one consent only: its nonce is 0.
    error ControllerNotFresh(address controller, uint256 nonce);
    /// @notice A tag must not be zero.
    error SubjectTagMissing();
    /// @notice A tag stands in one consent only.
    error SubjectTagUsed(bytes32 subjectTag);
    /// @notice The hashes of scope, text and evidence must not be zero.
    error DocumentHashMissing();
    /// @notice A bitmap of categories has bits 1 to 52 and is not empty.
    error CategoriesInvalid(uint64 categories);
    /// @notice A purpose is 1 to 52.
    error PurposeInvalid(uint16 purpose);
    /// @notice Validity must begin before it ends, end in the future, and end below 2^53.
    error ValidityInvalid(uint64 validFrom, uint64 validUntil);
    /// @notice No consent has this id.
    error ConsentUnknown(bytes32 consent);
    /// @notice The consent is withdrawn already.
    error ConsentAlreadyWithdrawn(bytes32 consent);
    /// @notice The key neither controls the consent nor belongs to the agency that witnessed it.
    error NotController(address key, bytes32 consent);
    /// @notice A reason must not be 0.
    error ReasonMissing();

    /// @notice Record a consent.
    /// @param message The signed message.
    /// @param signature Signature of `message.key`.
    /// @return consent Id of the consent.
    function record(RecordConsent calldata message, bytes calldata signature)
        external
        returns (bytes32 consent);

    /// @notice Withdraw a consent, for ever.
    /// @param message The signed message.
    /// @param signature Signature of `message.key`.
    function withdraw(WithdrawConsent calldata message, bytes calldata signature) external;

    /// @notice What is known of a consent now; all zero if there is none.
    function consentInfo(bytes32 consent) external view returns (Consent memory);

    /// @notice Whether a consent is live now: recorded, in time, not withdrawn.
    function isLive(bytes32 consent) external view returns (bool);

    /// @notice What a live consent permits; all zero if it is not live now.
    function liveTerms(bytes32 consent)
        external
        view
        returns (uint32 recipient, uint32 holder, uint16 purpose, uint64 validUntil);

    /// @notice Whether a tag stands in a consent already.
    function isTagUsed(bytes32 subjectTag) external view returns (bool);

    /// @notice The contract that says which key may do what.
    function registry() external view returns (address);
}
