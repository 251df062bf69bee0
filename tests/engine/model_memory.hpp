// A model of the C++ memory for a few threads and a few operations, which runs every execution that there can be.
//
// An atomic keeps the history of its stores. A thread may load any of them that is not older than what it has seen of
// that atomic, so a stale value is one more branch; a store that releases carries what its thread knew, and a load that
// acquires takes that over (the operational release/acquire model of Kang et al., "A promising semantics for
// relaxed-memory concurrency", POPL 2017, without promises). Cells are plain memory: an access that no order ties to
// the last conflicting one is a data race, and ends the exploration, as does any expectation that fails. Not modelled:
// stores that overtake earlier loads, fences, and a modification order that differs from the order of the stores.
//
//   const Exploration found = explore(2, [](auto& run) { ...; run(program_a, program_b); check(...); });
//
// The threads are fibers. Before each atomic operation the next thread to run is chosen; after each execution the last
// choice that has an alternative is changed. Orders may be weakened by the line of the source where the operation
// stands: a ring in which such a change goes unnoticed was not tested.
#pragma once

#include <ucontext.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace colo::test {

class Model {
public:
    static constexpr std::size_t threads_max = 3;
    static constexpr std::size_t setup = threads_max;  // the thread that makes the ring, and looks at it in the end

    // What happened before a point of a thread: of each thread how much, of each atomic the newest store.
    struct View {
        std::array<std::uint64_t, threads_max + 1> clock{};
        std::vector<std::uint32_t> newest;
        void join(const View& other) {
            for (std::size_t i = 0; i < clock.size(); ++i) clock[i] = std::max(clock[i], other.clock[i]);
            if (newest.size() < other.newest.size()) newest.resize(other.newest.size());
            for (std::size_t i = 0; i < other.newest.size(); ++i) newest[i] = std::max(newest[i], other.newest[i]);
        }
    };
    struct Store {
        std::uint64_t value = 0;
        View view;
    };

    static Model*& current() {
        static Model* model = nullptr;
        return model;
    }

    // Of the alternatives 0 to count - 1, the one of this execution.
    std::uint32_t choose(std::uint32_t count) {
        if (count == 1) return 0;
        if (depth_ == trail_.size()) trail_.push_back({0, count});
        return trail_[depth_++].taken;
    }
    // Prepares the next execution; false where all were seen.
    bool next_execution() {
        while (!trail_.empty() && trail_.back().taken + 1 == trail_.back().count) trail_.pop_back();
        if (trail_.empty()) return false;
        ++trail_.back().taken;
        return true;
    }
    void begin_execution() {
        depth_ = 0;
        atomics_.clear();
        views_ = {};
        running_ = setup;
    }
    // Runs the programs as threads in the interleaving of this execution.
    void run(std::vector<std::function<void()>> programs) {
        programs_ = std::move(programs);
        alive_.clear();
        for (std::size_t i = 0; i < programs_.size(); ++i) {
            views_[i] = views_[setup];
            alive_.push_back(i);
            if (stacks_[i].empty()) stacks_[i].resize(256 * 1024);
            ::getcontext(&contexts_[i]);
            contexts_[i].uc_stack.ss_sp = stacks_[i].data();
            contexts_[i].uc_stack.ss_size = stacks_[i].size();
            contexts_[i].uc_link = nullptr;
            ::makecontext(&contexts_[i], reinterpret_cast<void (*)()>(&Model::thread_main), 0);
        }
        switch_to(alive_[choose(static_cast<std::uint32_t>(alive_.size()))]);
        for (std::size_t i = 0; i < programs_.size(); ++i) views_[setup].join(views_[i]);
    }

    void fail(const std::string& what) {
        if (failure.empty()) failure = what;
    }
    std::string failure;
    // Lines whose operations order memory; the line whose operations do not, in a mutation; stores before cells.
    std::set<std::uint32_t> ordering_lines;
    std::uint32_t weakened_line = 0;
    bool cells_after_stores = false;

    // ---- for Atomic and Cell ----
    std::uint32_t add_atomic(std::uint64_t value) {
        atomics_.push_back({Store{value, views_[running_]}});
        return static_cast<std::uint32_t>(atomics_.size() - 1);
    }
    void schedule() {
        if (running_ == setup) return;
        switch_to(alive_[choose(static_cast<std::uint32_t>(alive_.size()))]);
    }
    std::memory_order order_at(std::memory_order order, const std::source_location& where) {
        if (order == std::memory_order_relaxed) return order;
        ordering_lines.insert(where.line());
        return where.line() == weakened_line ? std::memory_order_relaxed : order;
    }
    std::uint64_t load(std::uint32_t atomic, std::memory_order order) {
        const auto& stores = atomics_[atomic];
        std::uint32_t& newest = newest_of(atomic);
        newest += choose(static_cast<std::uint32_t>(stores.size()) - newest);
        const Store& seen = stores[newest];
        if (order == std::memory_order_acquire || order == std::memory_order_acq_rel) view().join(seen.view);
        return seen.value;
    }
    void store(std::uint32_t atomic, std::uint64_t value, std::memory_order order, const View* continued = nullptr) {
        Store next{value, {}};
        newest_of(atomic) = static_cast<std::uint32_t>(atomics_[atomic].size());
        if (order == std::memory_order_release || order == std::memory_order_acq_rel) next.view = view();
        if (continued != nullptr) next.view.join(*continued);
        atomics_[atomic].push_back(std::move(next));
        for (auto& late : std::exchange(late_writes_[running_], {})) late();
    }
    bool compare_exchange(std::uint32_t atomic, std::uint64_t& expected, std::uint64_t desired,
                          std::memory_order order) {
        const Store latest = atomics_[atomic].back();
        newest_of(atomic) = static_cast<std::uint32_t>(atomics_[atomic].size() - 1);
        if (order == std::memory_order_acquire || order == std::memory_order_acq_rel) view().join(latest.view);
        if (latest.value != expected) {
            expected = latest.value;
            return false;
        }
        store(atomic, desired, order, &latest.view);
        return true;
    }
    View& view() { return views_[running_]; }
    [[nodiscard]] std::size_t running() const { return running_; }
    void write_late(std::function<void()> write) { late_writes_[running_].push_back(std::move(write)); }

private:
    struct Choice {
        std::uint32_t taken;
        std::uint32_t count;
    };

    static void thread_main() {
        Model& model = *current();
        model.programs_[model.running_]();
        for (auto& late : std::exchange(model.late_writes_[model.running_], {})) late();
        std::erase(model.alive_, model.running_);
        if (model.alive_.empty()) model.switch_to(setup);
        model.schedule();
    }
    void switch_to(std::size_t thread) {
        if (thread == running_) return;
        const std::size_t from = std::exchange(running_, thread);
        ::swapcontext(&contexts_[from], &contexts_[thread]);
    }
    std::uint32_t& newest_of(std::uint32_t atomic) {
        auto& newest = view().newest;
        if (newest.size() <= atomic) newest.resize(atomic + 1);
        return newest[atomic];
    }

    std::vector<Choice> trail_;
    std::size_t depth_ = 0;
    std::vector<std::vector<Store>> atomics_;
    std::array<View, threads_max + 1> views_;
    std::array<std::vector<std::function<void()>>, threads_max + 1> late_writes_;
    std::vector<std::function<void()>> programs_;
    std::vector<std::size_t> alive_;
    std::array<ucontext_t, threads_max + 1> contexts_{};
    std::array<std::vector<char>, threads_max + 1> stacks_;
    std::size_t running_ = setup;
};

// What a ring is given in place of HardwareMemory.
struct ModelMemory {
    template <class T>
    class Atomic {
    public:
        using Where = std::source_location;
        explicit Atomic(T value) : id_(Model::current()->add_atomic(value)) {}
        [[nodiscard]] T load(std::memory_order order, const Where& where = Where::current()) const {
            Model& model = *Model::current();
            model.schedule();
            return model.load(id_, model.order_at(order, where));
        }
        void store(T value, std::memory_order order, const Where& where = Where::current()) {
            Model& model = *Model::current();
            model.schedule();
            model.store(id_, value, model.order_at(order, where));
        }
        bool compare_exchange_weak(T& expected, T desired, std::memory_order order,
                                   const Where& where = Where::current()) {
            Model& model = *Model::current();
            model.schedule();
            return model.compare_exchange(id_, expected, desired, model.order_at(order, where));
        }

    private:
        std::uint32_t id_;
    };

    template <class T>
    class Cell {
    public:
        [[nodiscard]] const T& read() const {
            Model& model = *Model::current();
            if (!model.failure.empty()) return value_;
            if (model.view().clock[writer_] < written_) model.fail("a cell is read while it is written");
            read_[model.running()] = ++model.view().clock[model.running()];
            return value_;
        }
        void write(const T& next) {
            Model& model = *Model::current();
            if (!model.cells_after_stores) return write_now(next);
            model.write_late([this, next] { write_now(next); });
        }

    private:
        void write_now(const T& next) {
            Model& model = *Model::current();
            const auto& clock = model.view().clock;
            if (clock[writer_] < written_) model.fail("a cell is written by two threads at once");
            for (std::size_t i = 0; i < read_.size(); ++i) {
                if (clock[i] < read_[i]) model.fail("a cell is written while it is read");
            }
            writer_ = model.running();
            written_ = ++model.view().clock[writer_];
            value_ = next;
        }

        T value_{};
        std::size_t writer_ = Model::setup;
        std::uint64_t written_ = 0;
        mutable std::array<std::uint64_t, Model::threads_max + 1> read_{};
    };

    static void fetch_to_read(const void*) {}
    static void fetch_to_write(const void*) {}
    static void pause() {}
};

struct Exploration {
    std::uint64_t executions = 0;
    bool complete = false;             // every execution was seen
    std::string failure;               // of the first execution that went wrong
    std::set<std::uint32_t> ordering_lines;
};

struct Mutation {
    std::uint32_t weakened_line = 0;
    bool cells_after_stores = false;
};

// `scenario(model)` makes its ring, runs its threads with model.run and says what is wrong with model.fail.
template <class Scenario>
Exploration explore(Scenario&& scenario, Mutation mutation = {}, std::uint64_t executions_max = 20'000'000) {
    const auto model = std::make_unique<Model>();
    Model::current() = model.get();
    model->weakened_line = mutation.weakened_line;
    model->cells_after_stores = mutation.cells_after_stores;
    Exploration found;
    do {
        model->begin_execution();
        scenario(*model);
        ++found.executions;
        found.complete = model->failure.empty() && !model->next_execution();
    } while (model->failure.empty() && !found.complete && found.executions < executions_max);
    found.failure = model->failure;
    found.ordering_lines = model->ordering_lines;
    Model::current() = nullptr;
    return found;
}

}  // namespace colo::test
