// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Where the contracts of the consortium are
/// @notice A contract is found by its name, ASCII text in a bytes32 padded with zeros on the right ("RecordAnchors"), and
/// known by the hash of its code. A second entry under a name is the succession: from its block on the new contract
/// counts, and what was written before stays with the old one. Readers believe the directory as far as their trust file
/// says, and refuse code that they do not know.
interface ISystemDirectory {
    /// @notice The contract of a name now; all zero if there is none.
    /// @param at Its address.
    /// @param since Number of the block in which it was entered.
    /// @param codeHash Keccak-256 of its runtime code.
    struct Entry {
        address at;
        uint64 since;
        bytes32 codeHash;
    }

    /// @notice A contract was entered.
    /// @param name Name of the contract.
    /// @param at Its address.
    /// @param codeHash Keccak-256 of its runtime code.
    /// @param previous Address that the name had before, zero if none.
    /// @param since Number of this block.
    event ContractSet(
        bytes32 indexed name,
        address indexed at,
        bytes32 codeHash,
        address previous,
        uint64 since
    );

    /// @notice A name must not be empty.
    error NameMissing();
    /// @notice The directory has at most 64 names.
    error TooManyNames(uint256 most);
    /// @notice The name has this address already.
    error ContractAlreadySet(bytes32 name, address at);
    /// @notice The code at the address is not the one that was approved.
    error CodeHashWrong(address at, bytes32 codeHash, bytes32 found);

    /// @notice Enter a contract, or the successor of one; the governor sends it.
    /// @param name Name of the contract.
    /// @param at Its address.
    /// @param codeHash Keccak-256 of its runtime code, compared with the code that is there.
    function setContract(bytes32 name, address at, bytes32 codeHash) external;

    /// @notice The contract of a name now.
    function contractOf(bytes32 name) external view returns (Entry memory);

    /// @notice All names, in the order in which they were first entered.
    function names() external view returns (bytes32[] memory);
}
