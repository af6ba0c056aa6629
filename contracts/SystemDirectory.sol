// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Governed} from "./Governed.sol";
import {SigningDomain} from "./SigningDomain.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {ISystemDirectory} from "./interfaces/ISystemDirectory.sol";

/// @title SystemDirectory, as ISystemDirectory documents it
contract SystemDirectory is SigningDomain, Governed, ISystemDirectory {
    uint256 private constant MOST_NAMES = 64;
    /// @dev Code hash of an account without code.
    bytes32 private constant NO_CODE = keccak256("");

    bytes32[] private _names;
    mapping(bytes32 name => Entry) private _entries;

    /// @param governor_ Who enters contracts.
    constructor(address governor_) SigningDomain("Gongzhi SystemDirectory") Governed(governor_) {}

    /// @inheritdoc ISystemDirectory
    function setContract(bytes32 name, address at, bytes32 codeHash) external onlyGovernor {
        if (name == bytes32(0)) revert NameMissing();
        bytes32 found = at.codehash;
        if (found != codeHash || codeHash == bytes32(0) || codeHash == NO_CODE) {
            revert CodeHashWrong(at, codeHash, found);
        }
        Entry storage entry = _entries[name];
        address previous = entry.at;
        if (previous == at) revert ContractAlreadySet(name, at);
        if (previous == address(0)) {
            if (_names.length >= MOST_NAMES) revert TooManyNames(MOST_NAMES);
            _names.push(name);
        }
        entry.at = at;
        entry.since = uint64(block.number);
        entry.codeHash = codeHash;
        emit ContractSet(name, at, codeHash, previous, uint64(block.number));
    }

    /// @inheritdoc ISystemDirectory
    function contractOf(bytes32 name) external view returns (Entry memory) {
        return _entries[name];
    }

    /// @inheritdoc ISystemDirectory
    function names() external view returns (bytes32[] memory) {
        return _names;
    }

    /// @inheritdoc SigningDomain
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return
            interfaceId == type(ISystemDirectory).interfaceId ||
            interfaceId == type(IGoverned).interfaceId ||
            super.supportsInterface(interfaceId);
    }
}
