#include "cli/textlines.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>

namespace studio::cli {
namespace {

std::int64_t countLines(const std::string& file)
{
    std::error_code unknown;
    if (!std::filesystem::is_regular_file(file, unknown)) return 0;
    std::ifstream in(file, std::ios::binary);
    std::array<char, 1 << 16> piece{};
    std::int64_t lines = 0;
    char last = '\n';
    while (in.read(piece.data(), piece.size()), in.gcount() > 0) {
        lines += std::count(piece.begin(), piece.begin() + in.gcount(), '\n');
        last = piece[static_cast<std::size_t>(in.gcount() - 1)];
    }
    return lines + (last == '\n' ? 0 : 1);
}

} // namespace

Result<TextLines> TextLines::open(const std::string& file)
{
    TextLines lines;
    lines.m_name = file;
    lines.m_standardInput = file == "-";
    if (lines.m_standardInput) return lines;
    lines.m_file.open(file, std::ios::binary);
    if (!lines.m_file || std::filesystem::is_directory(file))
        return Error{ErrorCode::NotFound, "Cannot read " + file + ". Check the path after --input.", file};
    lines.m_total = countLines(file);
    return lines;
}

Result<std::vector<std::string>> TextLines::next(std::size_t count)
{
    std::istream& in = m_standardInput ? std::cin : m_file;
    std::vector<std::string> lines;
    for (std::string line; lines.size() < count && std::getline(in, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        lines.push_back(std::move(line));
    }
    if (in.bad())
        return Error{ErrorCode::Unreadable,
                     "Reading " + m_name + " failed in the middle. Check the disk or the pipe.", m_name};
    return lines;
}

} // namespace studio::cli
