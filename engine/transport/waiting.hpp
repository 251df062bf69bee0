// How a thread waits when a turn of its loop found nothing to do, as its declaration says.
//
// `spin` burns the core and makes no system call; `yield` gives the core to whoever else can run, for machines with
// fewer cores than threads; `block` sleeps in epoll until a socket is readable or the timeout passes, so that a laptop
// stays usable.
#pragma once

#include <sched.h>
#include <sys/epoll.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <cstdint>
#include <initializer_list>

#include "engine/transport/descriptor.hpp"
#include "engine/transport/transport.hpp"

namespace colo {

enum class Wait : std::uint8_t { spin, yield, block };

class Waiter {
public:
    explicit Waiter(Wait wait, int timeout_ms = 1) : wait_(wait), timeout_ms_(timeout_ms) {
        if (wait_ == Wait::block) epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    }

    // Sockets to wake up for; a closed one leaves by itself.
    void watch(int descriptor) {
        if (wait_ != Wait::block || descriptor < 0) return;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = descriptor;
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event);
    }

    void wait() {
        switch (wait_) {
        case Wait::spin: pause(); break;
        case Wait::yield: ::sched_yield(); break;
        case Wait::block: {
            epoll_event event;
            ::epoll_wait(epoll_.get(), &event, 1, timeout_ms_);
            break;
        }
        }
    }

private:
    static void pause() {
#if defined(__x86_64__)
        _mm_pause();
#endif
    }
    Wait wait_;
    int timeout_ms_;
    Descriptor epoll_;
};

}  // namespace colo
