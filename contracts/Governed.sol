// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IGoverned} from "./interfaces/IGoverned.sol";

/// @title A contract with acts that are the governor's alone
abstract contract Governed is IGoverned {
    address private immutable _governor;

    constructor(address governor_) {
        if (governor_ == address(0)) revert GovernorMissing();
        _governor = governor_;
    }

    modifier onlyGovernor() {
        if (msg.sender != _governor) revert NotGovernor(msg.sender);
        _;
    }

    /// @inheritdoc IGoverned
    function governor() external view returns (address) {
        return _governor;
    }
}
