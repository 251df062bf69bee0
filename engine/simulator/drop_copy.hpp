// The venue's drop copy: its own record of what was executed for the client, and what was broken, for whoever reconciles.
//
// It is made from the venue's journal and the recorded session alone, after the day and by another process than the one
// that the client traded with, so it owes nothing to what the client has heard.
#pragma once

#include <filesystem>

#include "engine/simulator/exchange.hpp"

namespace colo::simulator {

// One line an execution or broken trade, in the venue's order, below a line with the names of the fields:
//
//   kind,time_ns,user_ref_num,match_number,symbol,side,quantity,price
//   executed,34201000000000,17,4711,AMZN,B,100,2236000
//
// Time is since midnight, price in 1e-4 dollars; a broken trade has quantity and price of its execution. The file appears
// whole or not at all. Throws SimulatorError.
void write_drop_copy(const Exchange& exchange, const std::filesystem::path& file);

}  // namespace colo::simulator
