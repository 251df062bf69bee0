// The rings between two cores: a round trip beside a bare ping-pong of two lines, throughput beside boost::lockfree and
// moodycamel where they are installed. Elements are eight bytes; what comes out is summed and checked.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#if __has_include(<boost/lockfree/spsc_queue.hpp>)
#define COLO_HAS_BOOST 1
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#else
#define COLO_HAS_BOOST 0
#endif
#if __has_include(<concurrentqueue/concurrentqueue.h>)
#define COLO_HAS_MOODYCAMEL 1
#include <concurrentqueue/concurrentqueue.h>
#else
#define COLO_HAS_MOODYCAMEL 0
#endif

#include "engine/bench/measure.hpp"
#include "engine/bench/two_cores.hpp"
#include "engine/core/mpmc_ring.hpp"
#include "engine/core/spsc_ring.hpp"

namespace colo::bench {
namespace {

using Element = std::uint64_t;
using Spsc = SpscRing<Element, 256>;
constexpr std::size_t mpmc_capacity = 2048;
using Mpmc = MpmcRing<Element, mpmc_capacity>;

constexpr int passes = 21;
constexpr std::uint64_t round_trips = 10'000;
constexpr std::uint64_t elements = 1'000'000;
// A batch of eight elements is a line's worth, as when a packet's messages are handed on; longer ones are shown apart.
constexpr std::size_t batch_length = 8;
constexpr std::size_t batch_length_max = 64;

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// ---- round trip ----

struct PingPong {
    alignas(separation_bytes) std::atomic<std::uint64_t> there{0};
    alignas(separation_bytes) std::atomic<std::uint64_t> back{0};
};

double bare_round_trip() {
    const auto lines = std::make_unique<PingPong>();
    const double nanoseconds = nanoseconds_on_two_cores(
        [&] {
            for (std::uint64_t n = 1; n <= round_trips; ++n) {
                lines->there.store(n, std::memory_order_release);
                while (lines->back.load(std::memory_order_acquire) != n) {}
            }
        },
        [&] {
            for (std::uint64_t n = 1; n <= round_trips; ++n) {
                while (lines->there.load(std::memory_order_acquire) != n) {}
                lines->back.store(n, std::memory_order_release);
            }
        });
    return nanoseconds / static_cast<double>(round_trips);
}

double ring_round_trip() {
    const auto there = std::make_unique<Spsc>();
    const auto back = std::make_unique<Spsc>();
    std::uint64_t wrong = 0;
    const double nanoseconds = nanoseconds_on_two_cores(
        [&] {
            Element answer = 0;
            for (std::uint64_t n = 1; n <= round_trips; ++n) {
                while (!there->push(n)) {}
                while (!back->pop(answer)) {}
                wrong += answer == n ? 0 : 1;
            }
        },
        [&] {
            Element asked = 0;
            for (std::uint64_t n = 1; n <= round_trips; ++n) {
                while (!there->pop(asked)) {}
                while (!back->push(asked)) {}
            }
        });
    if (wrong != 0) fail("spsc_ring/round_trip: a wrong element came back");
    return nanoseconds / static_cast<double>(round_trips);
}

// ---- throughput ----

// Millions of elements a second from one core to another. `push` and `pop` move up to as many elements as the span
// holds and say how many.
template <class Push, class Pop>
double throughput(const char* name, std::size_t length, Push&& push, Pop&& pop) {
    std::uint64_t sum = 0;
    const double nanoseconds = nanoseconds_on_two_cores(
        [&] {
            std::array<Element, batch_length_max> batch;
            for (std::uint64_t n = 0; n < elements;) {
                const std::size_t count = pop(std::span{batch}.first(length));
                for (std::size_t i = 0; i < count; ++i) sum += batch[i];
                n += count;
            }
        },
        [&] {
            std::array<Element, batch_length_max> batch;
            std::size_t ready = 0, done = 0;
            for (std::uint64_t n = 0; n < elements;) {
                if (done == ready) {
                    ready = static_cast<std::size_t>(std::min<std::uint64_t>(length, elements - n));
                    for (done = 0; done < ready; ++done) batch[done] = n + done;
                    done = 0;
                }
                const std::size_t count = push(std::span<const Element>{batch}.subspan(done, ready - done));
                done += count;
                n += count;
            }
        });
    if (sum != elements / 2 * (elements - 1)) fail(std::string(name) + ": other elements came out than went in");
    return static_cast<double>(elements) * 1e3 / nanoseconds;
}

template <class Ring>
double ring_throughput(const char* name, std::size_t length) {
    const auto ring = std::make_unique<Ring>();
    if (length == 1) {
        return throughput(
            name, 1, [&](auto from) { return ring->push(from[0]) ? 1u : 0u; },
            [&](auto to) { return ring->pop(to[0]) ? 1u : 0u; });
    }
    return throughput(
        name, length, [&](auto from) { return ring->push(from); }, [&](auto to) { return ring->pop(to); });
}

// What one core alone needs to fill such batches and copy them through an array of the ring's length.
double copy_throughput(std::size_t length) {
    std::vector<Element> array(Spsc::capacity / length * length);
    std::array<Element, batch_length_max> in, out;
    std::uint64_t sum = 0;
    const double nanoseconds = nanoseconds_of([&] {
        std::size_t at = 0;
        for (std::uint64_t n = 0; n < elements; n += length) {
            for (std::size_t i = 0; i < length; ++i) in[i] = n + i;
            std::copy_n(in.begin(), length, array.begin() + static_cast<std::ptrdiff_t>(at));
            keep(array[at]);
            std::copy_n(array.begin() + static_cast<std::ptrdiff_t>(at), length, out.begin());
            for (std::size_t i = 0; i < length; ++i) sum += out[i];
            at = at + length < array.size() ? at + length : 0;
        }
    });
    keep(sum);
    return static_cast<double>(elements) * 1e3 / nanoseconds;
}

#if COLO_HAS_BOOST
double boost_spsc_throughput(std::size_t length) {
    using Queue = boost::lockfree::spsc_queue<Element, boost::lockfree::capacity<Spsc::capacity>>;
    const auto queue = std::make_unique<Queue>();
    if (length == 1) {
        return throughput(
            "boost", 1, [&](auto from) { return queue->push(from[0]) ? 1u : 0u; },
            [&](auto to) { return queue->pop(to[0]) ? 1u : 0u; });
    }
    return throughput(
        "boost", length, [&](auto from) { return queue->push(from.data(), from.size()); },
        [&](auto to) { return queue->pop(to.data(), to.size()); });
}
double boost_mpmc_throughput() {
    const auto queue = std::make_unique<boost::lockfree::queue<Element, boost::lockfree::capacity<mpmc_capacity>>>();
    return throughput(
        "boost", 1, [&](auto from) { return queue->push(from[0]) ? 1u : 0u; },
        [&](auto to) { return queue->pop(to[0]) ? 1u : 0u; });
}
#endif
#if COLO_HAS_MOODYCAMEL
double moodycamel_throughput(std::size_t length) {
    moodycamel::ConcurrentQueue<Element> queue(mpmc_capacity);
    if (length == 1) {
        return throughput(
            "moodycamel", 1, [&](auto from) { return queue.try_enqueue(from[0]) ? 1u : 0u; },
            [&](auto to) { return queue.try_dequeue(to[0]) ? 1u : 0u; });
    }
    return throughput(
        "moodycamel", length,
        [&](auto from) { return queue.try_enqueue_bulk(from.data(), from.size()) ? from.size() : 0; },
        [&](auto to) { return queue.try_dequeue_bulk(to.data(), to.size()); });
}
#endif

// Each in turn, so that a slow moment of the machine meets all of them; medians.
template <class... Measure>
std::array<double, sizeof...(Measure)> medians(Measure&&... measure) {
    std::array<std::vector<double>, sizeof...(Measure)> measured;
    for (int pass = 0; pass < passes; ++pass) {
        std::size_t at = 0;
        (measured[at++].push_back(measure()), ...);
    }
    std::array<double, sizeof...(Measure)> found{};
    for (std::size_t i = 0; i < found.size(); ++i) found[i] = median(measured[i]);
    return found;
}

void spsc_throughput(const char* name, std::size_t length) {
    const auto ours = [&] { return ring_throughput<Spsc>(name, length); };
    const auto floor = [&] { return copy_throughput(length); };
#if COLO_HAS_BOOST
    const auto [value, least, peer] = medians(ours, floor, [&] { return boost_spsc_throughput(length); });
    const std::optional<Peer> beside = Peer{"boost::lockfree::spsc_queue", peer};
#else
    const auto [value, least] = medians(ours, floor);
    const std::optional<Peer> beside;
#endif
    print({.name = name, .value = value, .unit = "M elements/s", .floor = least, .peer = beside});
}

void mpmc_throughput(const char* name, std::size_t length) {
    const auto ours = [&] { return ring_throughput<Mpmc>(name, length); };
    const auto floor = [&] { return copy_throughput(length); };
#if COLO_HAS_MOODYCAMEL
    const auto [value, least, peer] = medians(ours, floor, [&] { return moodycamel_throughput(length); });
    std::optional<Peer> beside = Peer{"moodycamel::ConcurrentQueue", peer};
#else
    const auto [value, least] = medians(ours, floor);
    std::optional<Peer> beside;
#endif
#if COLO_HAS_BOOST
    // It has single calls alone.
    const auto [boost] = medians(boost_mpmc_throughput);
    if (length == 1 && (!beside || boost > beside->value)) beside = Peer{"boost::lockfree::queue", boost};
#endif
    print({.name = name, .value = value, .unit = "M elements/s", .floor = least, .peer = beside});
}

}  // namespace
}  // namespace colo::bench

int main(int count, char** values) {
    using namespace colo::bench;
    const CommandLine line(count, values,
                           {"spsc_ring/round_trip", "spsc_ring/throughput", "spsc_ring/throughput_64",
                            "spsc_ring/throughput_single", "mpmc_ring/throughput", "mpmc_ring/throughput_single"});
    if (line.wants("spsc_ring/round_trip")) {
        const auto [value, floor] = medians(ring_round_trip, bare_round_trip);
        print({.name = "spsc_ring/round_trip", .value = value, .unit = "ns", .floor = floor});
    }
    if (line.wants("spsc_ring/throughput")) spsc_throughput("spsc_ring/throughput", batch_length);
    if (line.wants("spsc_ring/throughput_64")) spsc_throughput("spsc_ring/throughput_64", batch_length_max);
    if (line.wants("spsc_ring/throughput_single")) spsc_throughput("spsc_ring/throughput_single", 1);
    if (line.wants("mpmc_ring/throughput")) mpmc_throughput("mpmc_ring/throughput", batch_length);
    if (line.wants("mpmc_ring/throughput_single")) mpmc_throughput("mpmc_ring/throughput_single", 1);
}
