#include "core/arguments/argumentfields.h"
#include "support/testfiles.h"

#include <QTest>

#include <map>
#include <set>
#include <sstream>
#include <vector>

using namespace studio;
namespace fs = std::filesystem;

/// effects.txt names, for every argument that this program obeys, the test function that shows what it does.
/// This test fails when an argument of scope native or native_partial is not in it, or when what it names is
/// not there.
class TestArgumentEffects : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void everyNativeArgumentHasATest();
    void everyLineNamesARealTest_data();
    void everyLineNamesARealTest();

private:
    struct Line
    {
        std::string file;
        std::string function;
    };
    std::map<std::string, std::vector<Line>> m_lines;
};

namespace {

/// "eval_steps" → "evalSteps".
std::string camelCase(std::string_view key)
{
    std::string name;
    bool upper = false;
    for (const char c : key) {
        if (c == '_') {
            upper = true;
            continue;
        }
        name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
        upper = false;
    }
    return name;
}

bool isWordAt(const std::string& text, std::size_t at, std::size_t size)
{
    const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
    return (at == 0 || !part(text[at - 1])) && (at + size >= text.size() || !part(text[at + size]));
}

bool mentions(const std::string& text, const std::string& word)
{
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
        if (isWordAt(text, at, word.size())) return true;
    return false;
}

/// The text of Class::function() and of its table Class::function_data(), empty when there is no such
/// function.
std::string bodyOf(const std::string& source, const std::string& function)
{
    std::string body;
    for (const std::string& name : {function, function + "_data"}) {
        const auto begin = source.find("::" + name + "()\n{");
        if (begin == std::string::npos) continue;
        body += source.substr(begin, source.find("\n}\n", begin) - begin);
    }
    return source.find("::" + function + "()\n{") == std::string::npos ? std::string() : body;
}

} // namespace

void TestArgumentEffects::initTestCase()
{
    for (const auto& line : test::readLines(test::sourceFolder() / "tests/core/arguments/effects.txt")) {
        if (line.empty() || line.starts_with("#")) continue;
        std::istringstream parts(line);
        std::string key, file, function;
        parts >> key >> file >> function;
        m_lines[key].push_back({file, function});
    }
    QVERIFY(!m_lines.empty());
}

void TestArgumentEffects::everyNativeArgumentHasATest()
{
    std::string missing;
    for (const auto& field : argumentFields()) {
        const bool obeyed = field.scope == Scope::Native || field.scope == Scope::NativePartial;
        if (obeyed && !m_lines.contains(std::string(field.key))) missing += " " + std::string(field.key);
    }
    QVERIFY2(missing.empty(), ("no test shows the effect of" + missing).c_str());
    for (const auto& [key, lines] : m_lines)
        QVERIFY2(findField(key), (key + " is no argument").c_str());
}

void TestArgumentEffects::everyLineNamesARealTest_data()
{
    QTest::addColumn<QString>("key");
    for (const auto& [key, lines] : m_lines)
        QTest::newRow(key.c_str()) << QString::fromStdString(key);
}

void TestArgumentEffects::everyLineNamesARealTest()
{
    QFETCH(QString, key);
    const auto name = key.toStdString();
    for (const auto& line : m_lines.at(name)) {
        const auto path = test::sourceFolder() / "tests" / line.file;
        QVERIFY2(fs::exists(path), line.file.c_str());
        const auto source = test::readFile(path);
        const auto body = bodyOf(source, line.function);
        QVERIFY2(!body.empty(), (line.file + " has no test " + line.function).c_str());
        QVERIFY2(source.find("    void " + line.function + "();") != std::string::npos,
                 (line.function + " is no test slot").c_str());
        QVERIFY2(mentions(body, name) || mentions(body, camelCase(name)),
                 (line.function + " does not mention " + name).c_str());
    }
}

QTEST_APPLESS_MAIN(TestArgumentEffects)
#include "tst_argument_effects.moc"
