// How fast texts become ids: bench_tokenize MODEL_FOLDER TEXTS.txt [THREADS [SECONDS]]. One text a line;
// prints texts, tokens and bytes a second. bench/tokenize_peer.py measures the Python library on the same
// files.
#include "text/tokenizer.h"

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string_view>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

int number(const char* text, int fallback)
{
    int value = fallback;
    const std::string_view view(text);
    std::from_chars(view.data(), view.data() + view.size(), value);
    return value;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::fprintf(stderr, "usage: bench_tokenize MODEL_FOLDER TEXTS.txt [THREADS [SECONDS]]\n");
        return 2;
    }
    const int threads = argc > 3 ? std::max(1, number(argv[3], 1)) : 1;
    const int seconds = argc > 4 ? std::max(1, number(argv[4], 3)) : 3;
    const auto loading = Clock::now();
    const auto tokenizer = studio::Tokenizer::load(argv[1]);
    if (!tokenizer) {
        std::fprintf(stderr, "%s\n", tokenizer.error().text().c_str());
        return 1;
    }
    const double loadSeconds = secondsSince(loading);
    std::vector<std::string> texts;
    std::size_t bytes = 0;
    std::ifstream file(argv[2]);
    for (std::string line; std::getline(file, line);) {
        bytes += line.size();
        texts.push_back(line);
    }
    if (texts.empty()) {
        std::fprintf(stderr, "%s holds no texts\n", argv[2]);
        return 1;
    }
    std::atomic<std::size_t> tokens{0};
    std::atomic<std::size_t> passes{0};
    const auto start = Clock::now();
    const auto work = [&] {
        std::vector<std::int32_t> ids;
        while (secondsSince(start) < seconds) {
            std::size_t sum = 0;
            for (const std::string& text : texts) {
                ids.clear();
                sum += (*tokenizer)->encodeTo(text, 0, true, ids);
            }
            tokens += sum;
            ++passes;
        }
    };
    std::vector<std::thread> crew;
    for (int i = 1; i < threads; ++i) {
        crew.emplace_back(work);
    }
    work();
    for (std::thread& thread : crew) {
        thread.join();
    }
    const double elapsed = secondsSince(start);
    const auto rounds = static_cast<double>(passes.load());
    std::printf("threads %d  load %.1f ms  %.0f texts/s  %.0f tokens/s  %.1f MB/s  (%zu texts, %zu tokens)\n",
                threads, loadSeconds * 1e3, rounds * static_cast<double>(texts.size()) / elapsed,
                static_cast<double>(tokens.load()) / elapsed,
                rounds * static_cast<double>(bytes) / elapsed / 1e6, texts.size(),
                tokens.load() / passes.load());
    return 0;
}
