#include "core/arguments/argumentdocs.h"

#include "core/arguments/argumentfields.h"

#include "support/testfiles.h"

#include <QTest>

using namespace studio;

class TestArgumentDocs : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void complete();
    void current();
};

void TestArgumentDocs::complete()
{
    const std::string text = argumentsAsMarkdown();
    for (const Field& field : argumentFields()) {
        QVERIFY(text.find("`" + std::string(field.key) + "`") != std::string::npos);
    }
}

/// docs/arguments.md is what the metadata says. To write it anew: WRITE_DOCS=1 tst_argument_docs.
void TestArgumentDocs::current()
{
    const auto file = test::sourceFolder() / "docs" / "arguments.md";
    if (qEnvironmentVariableIsSet("WRITE_DOCS")) {
        test::writeFile(file, argumentsAsMarkdown());
    }
    QCOMPARE(QString::fromStdString(test::readFile(file)), QString::fromStdString(argumentsAsMarkdown()));
}

QTEST_APPLESS_MAIN(TestArgumentDocs)
#include "tst_argument_docs.moc"
