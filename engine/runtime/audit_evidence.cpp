// Reading the audit, and asking ssh-keygen who signed it.
#include "engine/runtime/audit_evidence.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "engine/runtime/json_field.hpp"

namespace colo {

namespace {

constexpr const char* signature_namespace = "colo-audit";  // AUDIT_NAMESPACE in stacks/topology/tuning.py

// A text as a file that ssh-keygen can open, readable by this user alone; gone when this goes.
class PassedText {
public:
    explicit PassedText(const std::string& text) {
        std::string path = std::filesystem::temp_directory_path() / "colo-signers-XXXXXX";
        file_ = ::mkstemp(path.data());
        if (file_ < 0) return;
        path_ = path;
        if (::write(file_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) path_.clear();
    }
    PassedText(const PassedText&) = delete;
    PassedText& operator=(const PassedText&) = delete;
    ~PassedText() {
        if (file_ >= 0) ::close(file_);
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    int file_ = -1;
    std::string path_;
};

// Whether ssh-keygen, given these words and a file as its input, ends well.
bool ssh_keygen(std::vector<std::string> words, const std::string& input) {
    words.insert(words.begin(), "ssh-keygen");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input.c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const bool started = ::posix_spawnp(&child, "ssh-keygen", &actions, nullptr, arguments.data(), environ) == 0;
    ::posix_spawn_file_actions_destroy(&actions);
    if (!started) return false;
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// One of the declared signers signed the text: each line of the allowed signers begins with a name.
bool signed_by_one_of(const AuditConfig& config, const std::string& text) {
    const PassedText allowed(config.allowed_signers);
    const PassedText signed_text(text);  // what is checked is what was read, whatever becomes of the file meanwhile
    if (allowed.path().empty() || signed_text.path().empty()) return false;
    const std::string signature = config.file.string() + ".sig";
    std::istringstream lines(config.allowed_signers);
    for (std::string line; std::getline(lines, line);) {
        const std::string name = line.substr(0, line.find(' '));
        if (ssh_keygen({"-Y", "verify", "-f", allowed.path(), "-I", name, "-n", signature_namespace, "-s", signature},
                       signed_text.path()))
            return true;
    }
    return false;
}

std::string content_problem(const AuditConfig& config, const JsonField& audit, std::int64_t now_s) {
    if (audit["host"].text() != config.host) return "is of host " + audit["host"].text() + ", not of " + config.host;
    if (audit["host_digest"].text() != config.host_digest) return "is of another declaration of this host";
    if (audit["expires_s"].integer() <= now_s) return "expired at " + audit["expires"].text();
    if (audit["passed"].boolean()) return "";
    std::string failed;
    for (const JsonField& item : audit["failed"].elements()) failed += (failed.empty() ? "" : ", ") + item.text();
    return "failed: " + failed;
}

}  // namespace

std::string audit_problem(const AuditConfig& config, std::int64_t now_s) {
    std::ifstream in(config.file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return "audit " + config.file.string() + " cannot be read";
    if (!signed_by_one_of(config, text.str()))
        return "audit " + config.file.string() + " is signed by nobody whom the site declares";
    try {
        const JsonField audit = JsonField::parse(text.str(), config.file.string());
        const std::string problem = content_problem(config, audit, now_s);
        return problem.empty() ? "" : "audit " + config.file.string() + " " + problem;
    } catch (const ConfigError& error) {
        return error.what();
    }
}

}  // namespace colo
