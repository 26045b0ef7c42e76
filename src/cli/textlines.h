#pragma once

#include "core/result.h"

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace studio::cli {

/// The lines of a text file or of standard input ("-"), read piece by piece, without line ends; one trailing
/// newline does not make an empty line.
class TextLines
{
public:
    /// Errors: NotFound when the file cannot be opened.
    static Result<TextLines> open(const std::string& file);

    /// The next lines, at most `count`; empty at the end. Errors: Unreadable.
    Result<std::vector<std::string>> next(std::size_t count);

    /// Lines of a plain file, counted ahead; 0 when it cannot be known (standard input, a pipe).
    std::int64_t total() const { return m_total; }

private:
    std::string m_name;
    std::ifstream m_file;
    bool m_standardInput = false;
    std::int64_t m_total = 0;
};

} // namespace studio::cli
