// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Emergencies: opened at once, answered for afterwards
/// @notice An agency opens an emergency for a case, some items and a region; the id is the digest of the signed message.
/// Without a co-signature of the same agency it lives shorter. Every emergency has a reviewing agency from the start, never
/// the opener's. After its end it is reviewed, the persons concerned are told, and what was seen is destroyed or kept for
/// a reason; late acts are taken and show as late. An opening is never refused for overdue reviews, it needs a second
/// agency then. Deadlines for notice and destruction follow from the end and the parameters. Expiry is computed, never
/// stored.
interface IEmergencyAccess {
    /// @notice Signed by `key`, and by `supervisor` and `secondAgencyKey` unless they are zero.
    /// @param key An EMERGENCY key of the agency.
    /// @param supervisor A SUPERVISE key of the same agency, or zero. Needed for a case that the agency opened before.
    /// @param secondAgencyKey A SUPERVISE key of another agency, neither opener nor reviewer, or zero. Needed where more
    /// reviews of the opener are overdue than the parameter `overdueReviewLimit`.
    /// @param caseRef Salted commitment of the case, one salt a case; not zero.
    /// @param items Catalogue items that open, 1 to 16, ascending; none of share class 3.
    /// @param region Region code or prefix of one, 1 to 15 digits.
    /// @param reason Code of the reason, not 0.
    /// @param noteHash Keccak-256 of the salted reasons in words, zero if there are none.
    /// @param expiresAt End (Unix seconds), at most `emergencyLife` away; `emergencyLifeUnsigned` binds while nobody has
    /// co-signed.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct OpenEmergency {
        address key;
        address supervisor;
        address secondAgencyKey;
        bytes32 caseRef;
        uint32[] items;
        uint64 region;
        uint16 reason;
        bytes32 noteHash;
        uint64 expiresAt;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`, a SUPERVISE key of the opener, while the emergency lives.
    /// @param key Key that signs.
    /// @param emergency Id of the emergency.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct CoSignEmergency {
        address key;
        bytes32 emergency;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`, an EMERGENCY or SUPERVISE key of the opener, while the emergency lives.
    /// @param key Key that signs.
    /// @param emergency Id of the emergency.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct EndEmergency {
        address key;
        bytes32 emergency;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`, a REVIEW key of the reviewing agency, after the end.
    /// @param key Key that signs.
    /// @param emergency Id of the emergency.
    /// @param verdict 1 justified, 2 justified with faults, 3 not justified. After the first review only 2 and 3.
    /// @param documentHash Keccak-256 of the salted review, not zero.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct ReviewEmergency {
        address key;
        bytes32 emergency;
        uint8 verdict;
        bytes32 documentHash;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`, an EMERGENCY or SUPERVISE key of the opener, after the end.
    /// @param key Key that signs.
    /// @param emergency Id of the emergency.
    /// @param documentHash Keccak-256 of the salted record of who was told what, not zero.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct NoteNotified {
        address key;
        bytes32 emergency;
        bytes32 documentHash;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`, an EMERGENCY or SUPERVISE key of the opener, before the notice was given.
    /// @param key Key that signs.
    /// @param emergency Id of the emergency.
    /// @param until Time to which the notice is put off (Unix seconds), at most `noticeDeferral` away.
    /// @param reason Code of the reason, not 0.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct DeferNotice {
        address key;
        bytes32 emergency;
        uint64 until;
        uint16 reason;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`, an EMERGENCY or SUPERVISE key of the opener, after the end.
    /// @param key Key that signs.
    /// @param emergency Id of the emergency.
    /// @param documentHash Keccak-256 of the salted record of what was destroyed, not zero.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct NoteDestroyed {
        address key;
        bytes32 emergency;
        bytes32 documentHash;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `key`, an EMERGENCY or SUPERVISE key of the opener, after the end.
    /// @param key Key that signs.
    /// @param emergency Id of the emergency.
    /// @param assessment Keccak-256 of the salted assessment that lets the data be kept, not zero.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct KeepData {
        address key;
        bytes32 emergency;
        bytes32 assessment;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Where an emergency stands now.
    /// @param agency Agency that opened it, 0 if there is no such emergency.
    /// @param reviewer Agency that reviews it.
    /// @param expiresAt End with a co-signature (Unix seconds).
    /// @param unsignedUntil End without one (Unix seconds).
    /// @param endedAt Time at which it was ended before its time (Unix seconds), 0 if it was not.
    /// @param coSigned 1 if it is co-signed.
    /// @param verdict Worst verdict so far, 0 if it was not reviewed.
    /// @param notice 0 owed, 1 deferred, 2 given.
    /// @param destruction 0 owed, 1 kept by assessment, 2 destroyed.
    /// @param place Place among the opener's reviews that are not done yet.
    struct Emergency {
        uint32 agency;
        uint32 reviewer;
        uint40 expiresAt;
        uint40 unsignedUntil;
        uint40 endedAt;
        uint8 coSigned;
        uint8 verdict;
        uint8 notice;
        uint8 destruction;
        uint8 place;
    }

    /// @notice An emergency was opened; members as in `OpenEmergency`. Its items follow as `EmergencyItemOpened`.
    /// @param emergency Id of the emergency.
    /// @param agency Agency that opened it.
    /// @param secondAgency Second agency that signed, 0 if none.
    /// @param unsignedUntil End while nobody has co-signed (Unix seconds).
    /// @param reviewer Agency that reviews it.
    /// @param reviewDueAt Time from which a missing review is overdue (Unix seconds).
    event EmergencyOpened(
        bytes32 indexed emergency,
        uint32 indexed agency,
        bytes32 indexed caseRef,
        address key,
        address supervisor,
        uint32 secondAgency,
        uint64 region,
        uint16 reason,
        bytes32 noteHash,
        uint64 expiresAt,
        uint64 unsignedUntil,
        uint32 reviewer,
        uint64 reviewDueAt
    );

    /// @notice An item that an emergency opens.
    /// @param emergency Id of the emergency.
    /// @param item The item.
    event EmergencyItemOpened(bytes32 indexed emergency, uint32 indexed item);

    /// @notice An emergency was co-signed after its opening.
    /// @param emergency Id of the emergency.
    /// @param key Key that co-signed.
    event EmergencyCoSigned(bytes32 indexed emergency, address key);

    /// @notice An emergency was ended before its time.
    /// @param emergency Id of the emergency.
    /// @param key Key that ended it.
    event EmergencyEnded(bytes32 indexed emergency, address key);

    /// @notice An emergency was reviewed; of several reviews the worst counts.
    /// @param emergency Id of the emergency.
    /// @param reviewer Agency that reviewed.
    /// @param key Key that signed.
    /// @param verdict 1 justified, 2 justified with faults, 3 not justified.
    /// @param documentHash Keccak-256 of the salted review.
    event EmergencyReviewed(
        bytes32 indexed emergency,
        uint32 indexed reviewer,
        address key,
        uint8 verdict,
        bytes32 documentHash
    );

    /// @notice The reviewing agency is not active any more; the one that Parameters assigns now reviews instead.
    /// @param emergency Id of the emergency.
    /// @param reviewer New reviewing agency.
    event ReviewerReplaced(bytes32 indexed emergency, uint32 indexed reviewer);

    /// @notice The persons concerned were told.
    /// @param emergency Id of the emergency.
    /// @param documentHash Keccak-256 of the salted record of who was told what.
    event NoticeGiven(bytes32 indexed emergency, bytes32 documentHash);

    /// @notice The notice was put off.
    /// @param emergency Id of the emergency.
    /// @param until Time to which it is put off (Unix seconds).
    /// @param reason Code of the reason.
    event NoticeDeferred(bytes32 indexed emergency, uint64 until, uint16 reason);

    /// @notice What was seen was destroyed.
    /// @param emergency Id of the emergency.
    /// @param documentHash Keccak-256 of the salted record of what was destroyed.
    event DataDestroyed(bytes32 indexed emergency, bytes32 documentHash);

    /// @notice What was seen is kept by an assessment.
    /// @param emergency Id of the emergency.
    /// @param assessment Keccak-256 of the salted assessment.
    event DataKept(bytes32 indexed emergency, bytes32 assessment);

    /// @notice The key may not act in this role now.
    error KeyNotEntitled(address key, uint8 role);
    /// @notice The key belongs to another agency than the one that must act.
    error NotParty(uint32 agency, uint32 party);
    /// @notice A case reference must not be zero.
    error CaseRefMissing();
    /// @notice An emergency opens 1 to 16 items.
    error ItemCountInvalid(uint256 count);
    /// @notice Items stand in ascending order, each once.
    error ItemsNotAscending(uint32 item);
    /// @notice The item does not exist, is retired, or is never shared.
    error ItemNotOpen(uint32 item, uint32 itemVersion);
    /// @notice A region code has 1 to 15 digits.
    error RegionInvalid(uint64 region);
    /// @notice A reason must not be 0.
    error ReasonMissing();
    /// @notice The end must be in the future and at most `latest`.
    error ExpiryInvalid(uint64 expiresAt, uint64 latest);
    /// @notice The agency opened this case before: again only with a co-signature.
    error CoSignatureRequired(uint32 agency, bytes32 caseRef);
    /// @notice Too many reviews of the agency are overdue: a second agency must sign.
    error SecondAgencyRequired(uint32 agency, uint256 overdue, uint256 limit);
    /// @notice The second agency must be neither opener nor reviewer.
    error SecondAgencyInvalid(uint32 agency);
    /// @notice Parameters assign no reviewing agency that is active and not the opener itself.
    error ReviewerMissing(uint32 agency);
    /// @notice No emergency has this id.
    error EmergencyUnknown(bytes32 emergency);
    /// @notice The emergency is over since `end`.
    error EmergencyOver(bytes32 emergency, uint64 end);
    /// @notice The emergency lives until `end`.
    error EmergencyStillLive(bytes32 emergency, uint64 end);
    /// @notice The emergency is co-signed already.
    error AlreadyCoSigned(bytes32 emergency);
    /// @notice A verdict is 1, 2 or 3.
    error VerdictUnknown(uint8 verdict);
    /// @notice After the first review only adverse ones are appended.
    error VerdictNotAdverse(uint8 verdict);
    /// @notice A document's hash must not be zero.
    error DocumentHashMissing();
    /// @notice The notice was given already.
    error NoticeAlreadyGiven(bytes32 emergency);
    /// @notice The data was destroyed, or is kept, already.
    error DestructionSettled(bytes32 emergency, uint8 destruction);

    /// @notice Open an emergency.
    /// @param message The signed message.
    /// @param signature Signature of `message.key`.
    /// @param supervisorSignature Signature of `message.supervisor`; not read if that is zero.
    /// @param secondAgencySignature Signature of `message.secondAgencyKey`; not read if that is zero.
    /// @return id Id of the emergency: the message's digest.
    function open(
        OpenEmergency calldata message,
        bytes calldata signature,
        bytes calldata supervisorSignature,
        bytes calldata secondAgencySignature
    ) external returns (bytes32 id);

    /// @notice Co-sign an emergency that was opened without.
    function coSign(CoSignEmergency calldata message, bytes calldata signature) external;

    /// @notice End an emergency before its time.
    function end(EndEmergency calldata message, bytes calldata signature) external;

    /// @notice Review an emergency that is over.
    function review(ReviewEmergency calldata message, bytes calldata signature) external;

    /// @notice Say that the persons concerned were told.
    function notified(NoteNotified calldata message, bytes calldata signature) external;

    /// @notice Put off telling the persons concerned.
    function deferNotice(DeferNotice calldata message, bytes calldata signature) external;

    /// @notice Say that what was seen was destroyed; also what was kept until now.
    function destroyed(NoteDestroyed calldata message, bytes calldata signature) external;

    /// @notice Say that what was seen is kept, and by which assessment.
    function keep(KeepData calldata message, bytes calldata signature) external;

    /// @notice Whether an emergency lives now: not over, its agency active.
    function isLive(bytes32 emergency) external view returns (bool);

    /// @notice Where an emergency stands now; all zero if there is none.
    function emergencyInfo(bytes32 emergency) external view returns (Emergency memory);

    /// @notice How many reviews of an agency's emergencies are overdue now.
    function overdueReviews(uint32 agency) external view returns (uint256);

    /// @notice Whether an agency has opened an emergency for a case.
    function wasCaseOpened(uint32 agency, bytes32 caseRef) external view returns (bool);

    /// @notice The contract that says which key may do what.
    function registry() external view returns (address);

    /// @notice The contract that says what is shared.
    function catalogue() external view returns (address);

    /// @notice The contract with the parameters.
    function parameters() external view returns (address);
}
