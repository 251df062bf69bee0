// The fields of an ITCH or OUCH message with their names, for whoever shows a message instead of acting on it.
//
// One list serves every message: a struct has the fields that it has. A test adds up their bytes, so that none is
// forgotten here.
#pragma once

#include <string_view>

namespace colo {

namespace detail {
// What most messages have, in the order in which they have it.
template <class Message, class See>
void visit_order_fields(const Message& m, See& see) {
    if constexpr (requires { m.message_type; }) see("message_type", m.message_type);
    if constexpr (requires { m.stock_locate; }) see("stock_locate", m.stock_locate);
    if constexpr (requires { m.tracking_number; }) see("tracking_number", m.tracking_number);
    if constexpr (requires { m.timestamp; }) see("timestamp", m.timestamp);
    if constexpr (requires { m.event_code; }) see("event_code", m.event_code);
    if constexpr (requires { m.orig_user_ref_num; }) see("orig_user_ref_num", m.orig_user_ref_num);
    if constexpr (requires { m.user_ref_num; }) see("user_ref_num", m.user_ref_num);
    if constexpr (requires { m.next_user_ref_num; }) see("next_user_ref_num", m.next_user_ref_num);
    if constexpr (requires { m.original_order_reference_number; }) see("original_order_reference_number", m.original_order_reference_number);
    if constexpr (requires { m.new_order_reference_number; }) see("new_order_reference_number", m.new_order_reference_number);
    if constexpr (requires { m.order_reference_number; }) see("order_reference_number", m.order_reference_number);
    if constexpr (requires { m.buy_sell_indicator; }) see("buy_sell_indicator", m.buy_sell_indicator);
    if constexpr (requires { m.side; }) see("side", m.side);
    if constexpr (requires { m.executed_shares; }) see("executed_shares", m.executed_shares);
    if constexpr (requires { m.cancelled_shares; }) see("cancelled_shares", m.cancelled_shares);
    if constexpr (requires { m.decrement_shares; }) see("decrement_shares", m.decrement_shares);
    if constexpr (requires { m.paired_shares; }) see("paired_shares", m.paired_shares);
    if constexpr (requires { m.imbalance_shares; }) see("imbalance_shares", m.imbalance_shares);
    if constexpr (requires { m.imbalance_direction; }) see("imbalance_direction", m.imbalance_direction);
    if constexpr (requires { m.mpid; }) see("mpid", m.mpid);
    if constexpr (requires { m.shares; }) see("shares", m.shares);
    if constexpr (requires { m.quantity; }) see("quantity", m.quantity);
    if constexpr (requires { m.stock; }) see("stock", m.stock);
    if constexpr (requires { m.symbol; }) see("symbol", m.symbol);
    if constexpr (requires { m.price; }) see("price", m.price);
    if constexpr (requires { m.cross_price; }) see("cross_price", m.cross_price);
    if constexpr (requires { m.liquidity_flag; }) see("liquidity_flag", m.liquidity_flag);
    if constexpr (requires { m.match_number; }) see("match_number", m.match_number);
    if constexpr (requires { m.printable; }) see("printable", m.printable);
    if constexpr (requires { m.execution_price; }) see("execution_price", m.execution_price);
    if constexpr (requires { m.attribution; }) see("attribution", m.attribution);
}

// What one message or two have.
template <class Message, class See>
void visit_other_fields(const Message& m, See& see) {
    if constexpr (requires { m.cross_type; }) see("cross_type", m.cross_type);
    if constexpr (requires { m.market_category; }) see("market_category", m.market_category);
    if constexpr (requires { m.financial_status_indicator; }) see("financial_status_indicator", m.financial_status_indicator);
    if constexpr (requires { m.round_lot_size; }) see("round_lot_size", m.round_lot_size);
    if constexpr (requires { m.round_lots_only; }) see("round_lots_only", m.round_lots_only);
    if constexpr (requires { m.issue_classification; }) see("issue_classification", m.issue_classification);
    if constexpr (requires { m.issue_sub_type; }) see("issue_sub_type", m.issue_sub_type);
    if constexpr (requires { m.authenticity; }) see("authenticity", m.authenticity);
    if constexpr (requires { m.short_sale_threshold_indicator; }) see("short_sale_threshold_indicator", m.short_sale_threshold_indicator);
    if constexpr (requires { m.ipo_flag; }) see("ipo_flag", m.ipo_flag);
    if constexpr (requires { m.luld_reference_price_tier; }) see("luld_reference_price_tier", m.luld_reference_price_tier);
    if constexpr (requires { m.etp_flag; }) see("etp_flag", m.etp_flag);
    if constexpr (requires { m.etp_leverage_factor; }) see("etp_leverage_factor", m.etp_leverage_factor);
    if constexpr (requires { m.inverse_indicator; }) see("inverse_indicator", m.inverse_indicator);
    if constexpr (requires { m.trading_state; }) see("trading_state", m.trading_state);
    if constexpr (requires { m.reserved; }) see("reserved", m.reserved);
    if constexpr (requires { m.reason; }) see("reason", m.reason);
    if constexpr (requires { m.reg_sho_action; }) see("reg_sho_action", m.reg_sho_action);
    if constexpr (requires { m.primary_market_maker; }) see("primary_market_maker", m.primary_market_maker);
    if constexpr (requires { m.market_maker_mode; }) see("market_maker_mode", m.market_maker_mode);
    if constexpr (requires { m.market_participant_state; }) see("market_participant_state", m.market_participant_state);
    if constexpr (requires { m.level_1; }) see("level_1", m.level_1);
    if constexpr (requires { m.level_2; }) see("level_2", m.level_2);
    if constexpr (requires { m.level_3; }) see("level_3", m.level_3);
    if constexpr (requires { m.breached_level; }) see("breached_level", m.breached_level);
    if constexpr (requires { m.ipo_quotation_release_time; }) see("ipo_quotation_release_time", m.ipo_quotation_release_time);
    if constexpr (requires { m.ipo_quotation_release_qualifier; }) see("ipo_quotation_release_qualifier", m.ipo_quotation_release_qualifier);
    if constexpr (requires { m.ipo_price; }) see("ipo_price", m.ipo_price);
    if constexpr (requires { m.auction_collar_reference_price; }) see("auction_collar_reference_price", m.auction_collar_reference_price);
    if constexpr (requires { m.upper_auction_collar_price; }) see("upper_auction_collar_price", m.upper_auction_collar_price);
    if constexpr (requires { m.lower_auction_collar_price; }) see("lower_auction_collar_price", m.lower_auction_collar_price);
    if constexpr (requires { m.auction_collar_extension; }) see("auction_collar_extension", m.auction_collar_extension);
    if constexpr (requires { m.market_code; }) see("market_code", m.market_code);
    if constexpr (requires { m.operational_halt_action; }) see("operational_halt_action", m.operational_halt_action);
    if constexpr (requires { m.far_price; }) see("far_price", m.far_price);
    if constexpr (requires { m.near_price; }) see("near_price", m.near_price);
    if constexpr (requires { m.current_reference_price; }) see("current_reference_price", m.current_reference_price);
    if constexpr (requires { m.price_variation_indicator; }) see("price_variation_indicator", m.price_variation_indicator);
    if constexpr (requires { m.interest_flag; }) see("interest_flag", m.interest_flag);
    if constexpr (requires { m.open_eligibility_status; }) see("open_eligibility_status", m.open_eligibility_status);
    if constexpr (requires { m.minimum_allowable_price; }) see("minimum_allowable_price", m.minimum_allowable_price);
    if constexpr (requires { m.maximum_allowable_price; }) see("maximum_allowable_price", m.maximum_allowable_price);
    if constexpr (requires { m.near_execution_price; }) see("near_execution_price", m.near_execution_price);
    if constexpr (requires { m.near_execution_time; }) see("near_execution_time", m.near_execution_time);
    if constexpr (requires { m.lower_price_range_collar; }) see("lower_price_range_collar", m.lower_price_range_collar);
    if constexpr (requires { m.upper_price_range_collar; }) see("upper_price_range_collar", m.upper_price_range_collar);
    if constexpr (requires { m.time_in_force; }) see("time_in_force", m.time_in_force);
    if constexpr (requires { m.display; }) see("display", m.display);
    if constexpr (requires { m.capacity; }) see("capacity", m.capacity);
    if constexpr (requires { m.inter_market_sweep_eligibility; }) see("inter_market_sweep_eligibility", m.inter_market_sweep_eligibility);
    if constexpr (requires { m.order_state; }) see("order_state", m.order_state);
    if constexpr (requires { m.cl_ord_id; }) see("cl_ord_id", m.cl_ord_id);
    if constexpr (requires { m.quantity_prevented_from_trading; }) see("quantity_prevented_from_trading", m.quantity_prevented_from_trading);
    if constexpr (requires { m.aiq_strategy; }) see("aiq_strategy", m.aiq_strategy);
    if constexpr (requires { m.appendage_length; }) see("appendage_length", m.appendage_length);
}
}  // namespace detail

// Calls see(name, field) for each.
template <class Message, class See>
void visit_fields(const Message& message, See see) {
    detail::visit_order_fields(message, see);
    detail::visit_other_fields(message, see);
}

}  // namespace colo
