// The audit of this host as an engine wants to see it before it trades at a venue: signed by whom the site declares, not
// expired, passed, and of the host as it is declared now. kernel_tuning makes, signs and dates it.
//
// The signature is checked by ssh-keygen (`-Y verify`), a child of this process, before anything trades.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace colo {

struct AuditConfig {
    std::string host;
    std::string host_digest;      // of the host's declaration
    std::filesystem::path file;   // the audit; its signature lies beside it, as <file>.sig
    std::string allowed_signers;  // the text of an allowed signers file, one line a signer
};

// What is wrong with the audit, in one sentence that names its file; empty where it holds at `now_s` (Unix seconds).
[[nodiscard]] std::string audit_problem(const AuditConfig& config, std::int64_t now_s);

}  // namespace colo
