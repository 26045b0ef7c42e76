#include "ui/designer/diffdialog.h"

#include "ui/designer/argumenteditor.h"
#include "ui/widgets/dialogs.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {

DiffDialog::DiffDialog(const Texts& texts, const std::vector<SettingDifference>& differences, bool ticks,
                       QWidget* parent)
    : QDialog(parent),
      m_texts(texts),
      m_differences(differences),
      m_tree(new QTreeWidget(this)),
      m_button(static_cast<int>(texts.buttons.size()) - 1)
{
    setWindowTitle(texts.title);
    auto* column = new QVBoxLayout(this);
    auto* text = new QLabel(texts.text, this);
    text->setWordWrap(true);
    column->addWidget(text);
    m_tree->setRootIsDecorated(false);
    m_tree->setAlternatingRowColors(true);
    m_tree->setAccessibleName(tr("Differences"));
    if (ticks) m_tree->setAccessibleDescription(tr("Space ticks a value"));
    m_tree->setHeaderLabels({tr("Setting"), tr("Name in files"), texts.leftHeader, texts.rightHeader});
    for (const SettingDifference& difference : differences) {
        const QString line = describe(difference);
        const bool secret = line.endsWith(QStringLiteral(": …"));
        auto* item = new QTreeWidgetItem(m_tree, {difference.label, difference.key,
                                                  secret ? QStringLiteral("…") : readable(difference.left),
                                                  secret ? QStringLiteral("…") : readable(difference.right)});
        if (ticks) item->setCheckState(0, Qt::Checked);
        for (int c = 0; c < 4; ++c)
            item->setToolTip(c, item->text(c));
    }
    m_tree->header()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    m_tree->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    column->addWidget(m_tree);
    if (!texts.notes.isEmpty()) {
        auto* notes = new QPlainTextEdit(texts.notes.join(u'\n'), this);
        notes->setReadOnly(true);
        notes->setTabChangesFocus(true);
        notes->setAccessibleName(tr("Remarks"));
        notes->setAccessibleDescription(tr("Keys that were renamed, refused or are not known"));
        notes->setFixedHeight(fontMetrics().height() *
                              (std::min<int>(6, static_cast<int>(texts.notes.size())) + 1));
        column->addWidget(notes);
    }
    if (ticks && differences.size() > 1) {
        auto* line = new QHBoxLayout;
        for (const bool all : {true, false}) {
            auto* button = new QPushButton(all ? tr("Tick All") : tr("Tick None"), this);
            button->setAutoDefault(false);
            connect(button, &QPushButton::clicked, this, [this, all] {
                for (int i = 0; i < m_tree->topLevelItemCount(); ++i)
                    m_tree->topLevelItem(i)->setCheckState(0, all ? Qt::Checked : Qt::Unchecked);
            });
            line->addWidget(button);
        }
        line->addStretch(1);
        column->addLayout(line);
    }
    auto* box = new QDialogButtonBox(this);
    for (int i = 0; i < texts.buttons.size(); ++i) {
        const bool last = i + 1 == texts.buttons.size();
        auto* button = box->addButton(texts.buttons[i],
                                      last ? QDialogButtonBox::RejectRole : QDialogButtonBox::ActionRole);
        if (i == texts.standard) button->setDefault(true);
        connect(button, &QPushButton::clicked, this, [this, i] {
            m_button = i;
            accept();
        });
    }
    column->addWidget(box);
    resize(fontMetrics().averageCharWidth() * 110, fontMetrics().height() * 24);
}

std::vector<SettingDifference> DiffDialog::ticked() const
{
    std::vector<SettingDifference> chosen;
    for (int i = 0; i < m_tree->topLevelItemCount(); ++i) {
        if (m_tree->topLevelItem(i)->checkState(0) == Qt::Checked)
            chosen.push_back(m_differences[static_cast<std::size_t>(i)]);
    }
    return chosen;
}

int DiffDialog::run()
{
    if (dialogs::isScripted()) {
        QStringList lines;
        for (const SettingDifference& difference : m_differences)
            lines << describe(difference);
        lines << m_texts.notes;
        const int answer = dialogs::ask(parentWidget(), m_texts.title, m_texts.text, lines.join(u'\n'),
                                        m_texts.buttons, m_texts.standard);
        if (answer >= 0) m_button = answer;
        return m_button;
    }
    exec();
    return m_button;
}

} // namespace studio
