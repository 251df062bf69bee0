// Any bytes as a change of parameters or a command, as its text in a journal, and as the file that an operator's program
// writes to.
//
// A change is refused with a sentence, or its text gives it back. The first byte says whether the file's length and
// first bytes are put right.
#include <cstring>
#include <fstream>

#include "engine/runtime/command.hpp"
#include "engine/runtime/parameters.hpp"
#include "engine/runtime/proposal_block.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace colo;

namespace {
constexpr std::array<ParameterRule, 3> rules{{{"quote_quantity", "shares", true, 0, 1'000'000},
                                              {"gamma", "", false, 0, 10},
                                              {"half_spread", "ticks", false, -5, 1e300}}};

const fuzz::Folder folder("parameters");

[[nodiscard]] bool same(const ParameterChange& a, const ParameterChange& b) {
    return a.generation == b.generation && a.author_view() == b.author_view() && a.count == b.count &&
           std::equal(a.value_view().begin(), a.value_view().end(), b.value_view().begin());
}

void take_change(Bytes bytes) {
    ParameterChange change;
    std::memcpy(&change, bytes.data(), std::min(bytes.size(), sizeof change));
    if (const auto why = refusal_of(rules, change, 3)) return fuzz::expect(!why->view().empty(), "a refusal says why");
    const auto again = change_of(rules, text_of(rules, change).view());
    fuzz::expect(again && same(*again, change), "the text of a change gives it back");
}

void take_text(Bytes bytes) {
    const auto change = change_of(rules, text_of(bytes));
    if (!change) return;
    fuzz::expect(change->count == rules.size(), "a text that is read has every value");
    if (refusal_of(rules, *change, 0)) return;  // not a number, for one
    const auto again = change_of(rules, text_of(rules, *change).view());
    fuzz::expect(again && same(*again, *change), "a change gives its text back");
}

void take_command(Bytes bytes) {
    Command command;
    std::memcpy(&command, bytes.data(), std::min(bytes.size(), sizeof command));
    static_cast<void>(cancel_target(command.target_view()));
    if (refusal_of(command, 3) || !control_of(command) || command.target_view().empty()) return;
    const auto again = command_of(static_cast<CommandKind>(command.kind), text_of(command).view());
    fuzz::expect(again && again->generation == command.generation && again->author_view() == command.author_view() &&
                     again->target_view() == command.target_view(),
                 "the text of a command gives it back");
    static_cast<void>(command_of(CommandKind::cancel, text_of(bytes)));
}

// The engine's file with these bytes written over it, or a file of these bytes alone.
void take_file(bool over_a_block, Bytes bytes) {
    const auto path = folder.path() / "parameters";
    ParameterChange begin;
    begin.count = rules.size();
    auto engine = ProposalBlock<ParameterChange>::create(path, begin);
    {
        auto mode = std::ios::in | std::ios::out | std::ios::binary;
        std::fstream file(path, over_a_block ? mode : mode | std::ios::trunc);
        if (over_a_block) file.seekp(sizeof(SharedFileHeader));
        file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    try {
        auto operators = ProposalBlock<ParameterChange>::open(path);
        static_cast<void>(operators.in_force());
        static_cast<void>(operators.answer_to(operators.next_generation()));
        if (engine.changed())
            if (const auto read = engine.read()) static_cast<void>(refusal_of(rules, *read, 0));
        operators.propose(begin);
        const auto read = engine.read();
        fuzz::expect(read && same(*read, begin), "what is written next is read whole");
    } catch (const std::runtime_error& error) {
        fuzz::expect(error.what()[0] != '\0', "an error says why");
    }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    fuzz::Pieces pieces(fuzz::bytes_of_input(data, count));
    const unsigned how = pieces.number();
    take_change(pieces.piece());
    take_text(pieces.piece());
    take_command(pieces.piece());
    take_file(how % 2 == 1, pieces.rest());
    return 0;
}
