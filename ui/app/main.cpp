// sentence-studio: the window.

#include "session/trainingsession.h"
#include "ui/app/mainwindow.h"
#include "ui/app/screenshots.h"
#include "ui/widgets/outlinestyle.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTimer>

#include <clocale>
#include <cstdio>
#include <cstring>
#include <optional>

namespace {

/// The value of an option that must act before there is an application, or nothing.
const char* earlyOption(int argc, char** argv, const char* name)
{
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], name) == 0) return i + 1 < argc ? argv[i + 1] : "";
    }
    return nullptr;
}

} // namespace

int main(int argc, char** argv)
{
    if (earlyOption(argc, argv, "--version") || earlyOption(argc, argv, "-v")) {
        std::puts("sentence-studio " STUDIO_VERSION);
        return 0;
    }
    const bool screenshots = earlyOption(argc, argv, "--screenshot") != nullptr;
    std::optional<QTemporaryDir> settings;
    if (screenshots) {
        if (const char* scale = earlyOption(argc, argv, "--scale")) qputenv("QT_SCALE_FACTOR", scale);
        if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
        settings.emplace(); // pictures do not depend on, nor touch, the user's settings
        qputenv("XDG_CONFIG_HOME", settings->path().toLocal8Bit());
        qputenv("XDG_STATE_HOME", settings->path().toLocal8Bit());
        qputenv("XDG_DATA_HOME", settings->path().toLocal8Bit()); // nor the queue
    }
    QApplication app(argc, argv);
    // Qt has set the locale of the C library to the user's: numbers in files must not follow it.
    std::setlocale(LC_NUMERIC, "C");
    QApplication::setOrganizationName(QStringLiteral("sentence-studio"));
    QApplication::setApplicationName(QStringLiteral("sentence-studio"));
    QApplication::setApplicationDisplayName(QString());
    QApplication::setApplicationVersion(QStringLiteral(STUDIO_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("org.sentencestudio.SentenceStudio"));

    QCommandLineParser parser;
    parser.setApplicationDescription(QApplication::translate(
        "main", "Designs, runs and compares fine-tunings of sentence-embedding models."));
    parser.addHelpOption();
    parser.addOption({{QStringLiteral("v"), QStringLiteral("version")},
                      QApplication::translate("main", "Prints the version.")});
    parser.addOption(
        {QStringLiteral("screenshot"),
         QApplication::translate("main", "Renders every page to PNG files in this folder and exits."),
         QStringLiteral("folder")});
    parser.addOption(
        {QStringLiteral("dark"), QApplication::translate("main", "Dark colours in the pictures.")});
    parser.addOption({QStringLiteral("scale"), QApplication::translate("main", "Scale of the pictures."),
                      QStringLiteral("factor"), QStringLiteral("1")});
    parser.addOption(
        {QStringLiteral("train"),
         QApplication::translate("main", "The pictures show a real training of the sample, not a story.")});
    parser.addPositionalArgument(QStringLiteral("file"),
                                 QApplication::translate("main", "Experiment to open."),
                                 QStringLiteral("[FILE]"));
    parser.process(app);

    if (parser.isSet(QStringLiteral("dark"))) studio::useDarkPalette();
    studio::OutlineStyle::install();
    studio::MainWindow window;
    if (screenshots) {
        const QString theme =
            parser.isSet(QStringLiteral("dark")) ? QStringLiteral("-dark") : QStringLiteral("-light");
        const QString scale = parser.value(QStringLiteral("scale"));
        const QString suffix = scale == QLatin1String("1") ? theme : theme + u'@' + scale + u'x';
        const auto pictured = parser.isSet(QStringLiteral("train")) ? studio::PicturedRun::Sample
                                                                    : studio::PicturedRun::Scripted;
        const int pictures =
            studio::takeScreenshots(window, parser.value(QStringLiteral("screenshot")), suffix, pictured);
        return pictures > 0 ? 0 : 1;
    }
    const QStringList files = parser.positionalArguments();
    if (!files.isEmpty()) {
        window.openFile(files.constFirst());
    } else {
        window.showWelcome();
        window.offerDraft();
    }
    window.show();
    window.offerInterruptedRuns();
    // Start answers at once when the engine is loaded already; the window comes first.
    QTimer::singleShot(1500, window.session(), &studio::TrainingSession::preloadEngine);
    return QApplication::exec();
}
