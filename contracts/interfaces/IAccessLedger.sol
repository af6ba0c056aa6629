// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Requests for records of conditional items, and what was decided
/// @notice A reader asks a holder; the holder decides. The id of a request is the digest of its signed message; the grant
/// that comes of it has the same id. A grant opens records of its holder only, of its item, within its scope, until it
/// expires. Its terms stand in the events; what is stored says whether it is usable now. Clocks run in working days and
/// are computed by readers of the events. Expiry is computed, never stored.
interface IAccessLedger {
    /// @notice Signed by `key`, a REQUEST key of the reader.
    /// @param key Key that signs.
    /// @param holder Agency whose records are asked for; another than the reader.
    /// @param item Catalogue item, of share class 2.
    /// @param itemVersion Version of the item that the request was made for.
    /// @param purpose Code of the purpose, one of the item's.
    /// @param basis Code of the legal basis, 1 to 7.
    /// @param basisRef Basis 1: id of a consent, which must be live and for these parties and this purpose when the
    /// holder decides. Otherwise: salted commitment of the reference. Not zero.
    /// @param scopeHash Keccak-256 of the salted scope document, not zero.
    /// @param profile Hash of the mask profile that is asked for, not zero.
    /// @param until End that is asked for (Unix seconds).
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct RequestAccess {
        address key;
        uint32 holder;
        uint32 item;
        uint32 itemVersion;
        uint16 purpose;
        uint8 basis;
        bytes32 basisRef;
        bytes32 scopeHash;
        bytes32 profile;
        uint64 until;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`, a DECIDE key of the holder. What does not belong to the decision is zero.
    /// @param key Key that signs.
    /// @param request Id of the request.
    /// @param decision 1 granted, 2 refused.
    /// @param itemVersion Granted: version of the item that the grant is bound to; another than was asked for must be open too.
    /// @param profile Granted: hash of the mask profile that the grant is bound to.
    /// @param expiresAt Granted: first second at which it is not usable any more (Unix seconds), at most `grantLife` away
    /// and within the consent's validity.
    /// @param uses Granted: number of looks, 0 = not limited.
    /// @param terms Granted: bit 0 no onward sharing, 1 entrusted processing, 2 statistics only, 3 notify the subject.
    /// @param destroyBy Granted: when the reader must have destroyed what it got (Unix seconds), 0 if it need not.
    /// @param assessment Granted: hash of the impact assessment, zero if none was needed.
    /// @param reason Refused: code of the reason, not 0.
    /// @param reasonHash Refused: Keccak-256 of the salted reasons in words, zero if there are none.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct DecideAccess {
        address key;
        bytes32 request;
        uint8 decision;
        uint32 itemVersion;
        bytes32 profile;
        uint64 expiresAt;
        uint32 uses;
        uint16 terms;
        uint64 destroyBy;
        bytes32 assessment;
        uint16 reason;
        bytes32 reasonHash;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`, a DECIDE key of the holder.
    /// @param key Key that signs.
    /// @param grant Grant that ends now.
    /// @param reason Code of the reason, not 0.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct RevokeGrant {
        address key;
        bytes32 grant;
        uint16 reason;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`, a REQUEST key of the reader.
    /// @param key Key that signs.
    /// @param request Request that is taken back before it was decided.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct WithdrawRequest {
        address key;
        bytes32 request;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`, a REQUEST key of the reader.
    /// @param key Key that signs.
    /// @param grant Grant that is not needed any more.
    /// @param outcome 1 accepted, 2 disputed: what was delivered is not what was granted.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct CloseGrant {
        address key;
        bytes32 grant;
        uint8 outcome;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Where a request or grant stands now.
    /// @param reader Agency that asked.
    /// @param holder Agency that decides.
    /// @param item Catalogue item.
    /// @param itemVersion Version asked for; of a grant the version that it is bound to.
    /// @param purpose Code of the purpose.
    /// @param basis Code of the legal basis.
    /// @param state 1 requested, 2 granted, 3 refused, 4 withdrawn, 5 revoked, 6 closed; 0 = no such request.
    /// @param expiresAt End of a grant (Unix seconds), 0 before one.
    /// @param consent Consent that it rests on, zero unless the basis is 1.
    struct Access {
        uint32 reader;
        uint32 holder;
        uint32 item;
        uint32 itemVersion;
        uint16 purpose;
        uint8 basis;
        uint8 state;
        uint64 expiresAt;
        bytes32 consent;
    }

    /// @notice A reader asked a holder; members as in `RequestAccess`.
    event AccessRequested(
        bytes32 indexed request,
        uint32 indexed reader,
        uint32 indexed holder,
        address key,
        uint32 item,
        uint32 itemVersion,
        uint16 purpose,
        uint8 basis,
        bytes32 basisRef,
        bytes32 scopeHash,
        bytes32 profile,
        uint64 until
    );

    /// @notice A holder granted a request; members as in `DecideAccess`.
    event AccessGranted(
        bytes32 indexed request,
        uint32 indexed reader,
        uint32 indexed holder,
        address key,
        uint32 itemVersion,
        bytes32 profile,
        uint64 expiresAt,
        uint32 uses,
        uint16 terms,
        uint64 destroyBy,
        bytes32 assessment
    );

    /// @notice A holder refused a request; members as in `DecideAccess`.
    event AccessRefused(
        bytes32 indexed request,
        uint32 indexed reader,
        uint32 indexed holder,
        address key,
        uint16 reason,
        bytes32 reasonHash
    );

    /// @notice The holder ended a grant, for ever.
    /// @param grant Id of the grant.
    /// @param reason Code of the reason.
    event GrantRevoked(bytes32 indexed grant, uint16 reason);

    /// @notice The reader took back a request that was not decided.
    /// @param request Id of the request.
    event RequestWithdrawn(bytes32 indexed request);

    /// @notice The reader ended a grant, for ever.
    /// @param grant Id of the grant.
    /// @param outcome 1 accepted, 2 disputed.
    event GrantClosed(bytes32 indexed grant, uint8 outcome);

    /// @notice The key may not act in this role now.
    error KeyNotEntitled(address key, uint8 role);
    /// @notice The agency is not a registered, active one.
    error AgencyNotActive(uint32 agency, uint8 status);
    /// @notice Nobody asks itself, and so nobody decides on its own request.
    error HolderIsReader(uint32 agency);
    /// @notice The key belongs to another agency than the one that must act.
    error NotParty(uint32 agency, uint32 party);
    /// @notice No such version of the item was published, or the item is retired.
    error ItemNotOpen(uint32 item, uint32 itemVersion);
    /// @notice Only items of share class 2 are requested and granted.
    error ShareClassNotConditional(uint32 item, uint8 shareClass);
    /// @notice Agencies of this kind do not publish, or do not read, the item.
    error AgencyKindNotAdmitted(uint32 item, uint8 kind);
    /// @notice The item is not shared for this purpose.
    error PurposeNotAllowed(uint32 item, uint16 purpose);
    /// @notice A basis is 1 to 7.
    error BasisUnknown(uint8 basis);
    /// @notice A basis needs a reference.
    error BasisRefMissing();
    /// @notice The consent is not live, or for another recipient, holder or purpose.
    error ConsentMismatch(bytes32 consent);
    /// @notice The scope's hash must not be zero.
    error ScopeHashMissing();
    /// @notice The profile's hash must not be zero.
    error ProfileMissing();
    /// @notice The end must be in the future and at most `latest` (the parameter `grantLife`, and the consent's end).
    error ExpiryInvalid(uint64 expiresAt, uint64 latest);
    /// @notice A decision is 1 or 2, and what does not belong to it is zero.
    error DecisionInconsistent(uint8 decision);
    /// @notice Terms are bits 0 to 3.
    error TermsUnknown(uint16 terms);
    /// @notice An outcome is 1 or 2.
    error OutcomeUnknown(uint8 outcome);
    /// @notice A reason must not be 0.
    error ReasonMissing();
    /// @notice The request or grant is in another state than this act needs.
    error StateWrong(bytes32 request, uint8 state);

    /// @notice Ask for records.
    /// @param message The signed message.
    /// @param signature Signature of `message.key`.
    /// @return id Id of the request: the message's digest.
    function request(RequestAccess calldata message, bytes calldata signature) external returns (bytes32 id);

    /// @notice Grant or refuse a request.
    function decide(DecideAccess calldata message, bytes calldata signature) external;

    /// @notice End a grant as its holder.
    function revoke(RevokeGrant calldata message, bytes calldata signature) external;

    /// @notice Take back a request that was not decided.
    function withdraw(WithdrawRequest calldata message, bytes calldata signature) external;

    /// @notice End a grant as its reader.
    function close(CloseGrant calldata message, bytes calldata signature) external;

    /// @notice Whether a grant is usable now: granted, in time, not revoked or closed, its consent (if it rests on one)
    /// live, both agencies active.
    function isUsable(bytes32 grant) external view returns (bool);

    /// @notice Where a request or grant stands now; all zero if there is none.
    function accessInfo(bytes32 id) external view returns (Access memory);

    /// @notice The contract that says which key may do what.
    function registry() external view returns (address);

    /// @notice The contract that says what is shared.
    function catalogue() external view returns (address);

    /// @notice The contract that keeps the consents.
    function consents() external view returns (address);

    /// @notice The contract with the parameters (grantLife).
    function parameters() external view returns (address);
}
