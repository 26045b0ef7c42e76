#include "ui/app/screenshots.h"

#include "session/runmodel.h"
#include "session/scriptedengine.h"
#include "session/trainingsession.h"
#include "ui/app/mainwindow.h"
#include "ui/app/resourcefolder.h"
#include "ui/designer/designerpage.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/presetmenu.h"

#include <QAction>
#include <QApplication>
#include <QDir>
#include <QEventLoop>
#include <QFile>
#include <QPalette>
#include <QStyle>
#include <QTemporaryDir>
#include <QThreadPool>
#include <QTimer>

namespace studio {

namespace {

/// Handles events for a while, asleep between them.
void settle(int milliseconds)
{
    QEventLoop loop;
    QTimer::singleShot(milliseconds, &loop, &QEventLoop::quit);
    loop.exec();
}

/// Runs what opens a dialog, lets `grab` picture the dialog, and closes it.
template <typename Grab, typename Open> void pictureDialog(const Grab& grab, const Open& open)
{
    QTimer::singleShot(300, qApp, [&grab] {
        QWidget* dialog = QApplication::activeModalWidget();
        if (!dialog) return;
        grab(dialog);
        dialog->close();
    });
    open();
}

void waitForEnd(const MainWindow& window)
{
    while (window.session()->isActive())
        settle(50);
}

/// A run told by the scripted engine, so that no model is needed.
bool runStory(MainWindow& window)
{
    ScriptedEngine engine;
    Script script;
    script.steps = 360;
    script.perStep = std::chrono::microseconds(2000);
    engine.setScript(script);
    setEngineForTesting(&engine);
    window.start();
    waitForEnd(window);
    setEngineForTesting(nullptr);
    return true;
}

/// The bundled experiment with the real engine and model; one picture on the way (monitor-running).
template <typename Grab>
bool runSample(MainWindow& window, const Grab& grab)
{
    const QTemporaryDir output;
    window.document()->setValue(QStringLiteral("output_dir"), output.path().toStdString());
    window.start();
    bool pictured = false;
    while (window.session()->isActive()) {
        settle(50);
        const RunModel* run = window.session()->run();
        if (pictured || !run || run->epochs() <= 0 || run->epoch() < 0.7 * run->epochs()) continue;
        pictured = true;
        window.showPage(QStringLiteral("monitor"));
        grab(QStringLiteral("monitor-running"));
    }
    return window.session()->state() == TrainingSession::State::Completed;
}

} // namespace

int takeScreenshots(MainWindow& window, const QString& folder, const QString& suffix, PicturedRun pictured)
{
    if (!QDir().mkpath(folder)) return 0;
    int count = 0;
    const auto grab = [&](const QString& name) {
        settle(60);
        if (window.grab().save(QStringLiteral("%1/%2%3.png").arg(folder, name, suffix))) ++count;
    };
    const auto grabDialog = [&](const char* name) {
        return [&, name](QWidget* dialog) {
            const QString path = QStringLiteral("%1/%2%3.png").arg(folder, QLatin1String(name), suffix);
            if (dialog->grab().save(path)) ++count;
        };
    };
    window.show();
    settle(100);
    grab(QStringLiteral("empty"));
    window.showWelcome();
    grab(QStringLiteral("welcome"));
    window.openSample();
    window.designer()->buildAll();
    settle(400);
    QThreadPool::globalInstance()->waitForDone();
    for (const QString& page : window.designer()->pageIds()) {
        window.designer()->showPage(page);
        grab(QStringLiteral("designer-") + page);
    }

    // A form with edits, a warning and an error, and the search.
    ExperimentDocument* document = window.document();
    document->setValue(QStringLiteral("learning_rate"), 0.5);
    document->setValue(QStringLiteral("eval_steps"), 0);
    window.designer()->reveal(QStringLiteral("learning_rate"), QStringLiteral("set_training"));
    settle(1500);
    grab(QStringLiteral("designer-edited"));
    window.designer()->helpAction()->setChecked(true);
    grab(QStringLiteral("designer-help"));
    window.designer()->helpAction()->setChecked(false);

    pictureDialog(grabDialog("dialog-unsaved"), [&] { window.newExperiment(); });
    document->undoStack()->setIndex(0);
    pictureDialog(grabDialog("dialog-preset"), [&] {
        window.presets()->load(resourceFolder() + QStringLiteral("/presets/50-large-batch.experiment.json"));
    });
    const QTemporaryDir files;
    QFile foreign(files.filePath(QStringLiteral("training_args.json")));
    if (foreign.open(QIODevice::WriteOnly)) {
        // As an older release of the Python library writes them, with keys that are gone or not known.
        foreign.write(R"({"output_dir": "out", "evaluation_strategy": "steps", "learning_rate": 3e-05,
            "per_gpu_train_batch_size": 64, "warmup_ratio": 0.05, "no_cuda": true, "my_own_key": 1})");
        foreign.close();
        pictureDialog(grabDialog("dialog-import"), [&] { window.presets()->load(foreign.fileName()); });
    }
    pictureDialog(grabDialog("dialog-compare"), [&] { window.presets()->compare(); });
    pictureDialog(grabDialog("dialog-save-preset"), [&] { window.presets()->saveAsPreset(); });

    const bool ran = pictured == PicturedRun::Sample ? runSample(window, grab) : runStory(window);
    if (!ran) return 0;
    window.showPage(QStringLiteral("monitor"));
    settle(300);
    grab(QStringLiteral("monitor"));
    for (const char* page : {"runs", "playground", "queue"}) {
        window.showPage(QLatin1String(page));
        settle(300);
        grab(QLatin1String(page));
    }
    return count;
}

void useDarkPalette()
{
    QPalette palette;
    const QColor window(0x1f, 0x22, 0x27), base(0x2b, 0x2f, 0x36), text(0xe6, 0xe8, 0xeb),
        button(0x36, 0x3b, 0x43);
    const QColor quiet(0x9a, 0xa1, 0xab), accent(0x4c, 0x8d, 0xff);
    palette.setColor(QPalette::Window, window);
    palette.setColor(QPalette::WindowText, text);
    palette.setColor(QPalette::Base, base);
    palette.setColor(QPalette::AlternateBase, QColor(0x30, 0x34, 0x3c));
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::PlaceholderText, quiet);
    palette.setColor(QPalette::Button, button);
    palette.setColor(QPalette::ButtonText, text);
    palette.setColor(QPalette::BrightText, Qt::white);
    palette.setColor(QPalette::Highlight, accent);
    palette.setColor(QPalette::HighlightedText, Qt::white);
    palette.setColor(QPalette::Link, accent.lighter(130));
    palette.setColor(QPalette::ToolTipBase, button);
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::Light, button.lighter(130));
    palette.setColor(QPalette::Midlight, button.lighter(115));
    palette.setColor(QPalette::Mid, QColor(0x3a, 0x40, 0x49));
    palette.setColor(QPalette::Dark, QColor(0x12, 0x14, 0x17));
    palette.setColor(QPalette::Shadow, Qt::black);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
        palette.setColor(QPalette::Disabled, role, QColor(0x6b, 0x72, 0x7c));
    }
    QApplication::setPalette(palette);
}

} // namespace studio
