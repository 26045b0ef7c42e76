#include "ui/widgets/listfield.h"

#include "ui/widgets/icons.h"

#include <QGridLayout>
#include <QKeyEvent>
#include <QListWidget>
#include <QMenu>
#include <QToolButton>

namespace studio {

namespace {

QToolButton* tool(QWidget* parent, const QString& icon, const QString& verb)
{
    auto* button = new QToolButton(parent);
    button->setIcon(studioIcon(icon));
    button->setAutoRaise(true);
    button->setToolTip(verb);
    button->setProperty("verb", verb);
    button->setAccessibleName(verb);
    return button;
}

} // namespace

ListField::ListField(QWidget* parent)
    : FieldEditor(parent), m_list(new QListWidget(this)), m_value(Json::array())
{
    m_add = tool(this, QStringLiteral("add"), tr("Add"));
    m_remove = tool(this, QStringLiteral("remove"), tr("Remove"));
    m_up = tool(this, QStringLiteral("up"), tr("Move up"));
    m_down = tool(this, QStringLiteral("down"), tr("Move down"));
    m_unset = tool(this, QStringLiteral("reset"), tr("Not set"));
    m_unset->hide();
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_list);
    auto* buttons = new QGridLayout;
    buttons->setSpacing(0);
    buttons->addWidget(m_add, 0, 0);
    buttons->addWidget(m_remove, 0, 1);
    buttons->addWidget(m_up, 1, 0);
    buttons->addWidget(m_down, 1, 1);
    buttons->addWidget(m_unset, 2, 0);
    row->addLayout(buttons);
    row->addStretch(1);
    m_list->setFixedHeight(fontMetrics().height() * 4 + 8);
    m_list->setFixedWidth(fontMetrics().averageCharWidth() * 44);
    m_list->setTabKeyNavigation(false);
    setFocusProxy(m_list);
    watch(m_list);
    connect(m_list, &QListWidget::itemChanged, this, &ListField::read);
    connect(m_list, &QListWidget::itemSelectionChanged, this, &ListField::showState);
    connect(m_add, &QToolButton::clicked, this, [this] {
        if (!m_add->menu()) add(tr("new entry"), true);
    });
    connect(m_remove, &QToolButton::clicked, this, &ListField::removeSelected);
    connect(m_up, &QToolButton::clicked, this, [this] { move(-1); });
    connect(m_down, &QToolButton::clicked, this, [this] { move(1); });
    connect(m_unset, &QToolButton::clicked, this, [this] {
        setValue(Json());
        Q_EMIT edited();
    });
    showState();
}

void ListField::setChoices(const std::vector<ChoiceItem>& choices)
{
    auto* menu = new QMenu(m_add);
    menu->setToolTipsVisible(true);
    for (const ChoiceItem& choice : choices) {
        auto* action = menu->addAction(choice.value);
        action->setToolTip(choice.sentence);
        connect(action, &QAction::triggered, this, [this, word = choice.value] { add(word, false); });
    }
    menu->addSeparator();
    connect(menu->addAction(tr("Other…")), &QAction::triggered, this, [this] { add(tr("new entry"), true); });
    m_add->setMenu(menu);
    m_add->setPopupMode(QToolButton::InstantPopup);
}

void ListField::setNullable(const QString& label)
{
    m_unset->show();
    m_unset->setToolTip(label);
}

void ListField::setValue(const Json& value)
{
    if (value != m_value || m_list->count() == 0) {
        m_value = value;
        const QSignalBlocker blocker(m_list);
        m_list->clear();
        const bool word = value.is_string() && !value.get_ref<const std::string&>().empty();
        const Json items = value.is_array() ? value : word ? Json::array({value}) : Json::array();
        for (const Json& item : items) {
            auto* row = new QListWidgetItem(item.is_string() ? QString::fromStdString(item.get<std::string>())
                                                             : QString::fromStdString(item.dump()));
            row->setFlags(row->flags() | Qt::ItemIsEditable);
            m_list->addItem(row);
        }
    }
    showState();
}

QWidget* ListField::control() const
{
    return m_list;
}

void ListField::add(const QString& word, bool edit)
{
    auto* item = new QListWidgetItem(word);
    item->setFlags(item->flags() | Qt::ItemIsEditable);
    m_list->addItem(item);
    m_list->setCurrentItem(item);
    read();
    if (edit) m_list->editItem(item);
}

void ListField::removeSelected()
{
    if (m_list->currentRow() < 0) return;
    delete m_list->takeItem(m_list->currentRow());
    read();
}

void ListField::move(int by)
{
    const int from = m_list->currentRow();
    const int to = from + by;
    if (from < 0 || to < 0 || to >= m_list->count()) return;
    {
        const QSignalBlocker blocker(m_list);
        m_list->insertItem(to, m_list->takeItem(from));
        m_list->setCurrentRow(to);
    }
    read();
}

void ListField::read()
{
    Json items = Json::array();
    for (int row = 0; row < m_list->count(); ++row)
        items.push_back(m_list->item(row)->text().toStdString());
    showState();
    if (items == m_value) return;
    m_value = items;
    Q_EMIT edited();
}

void ListField::showState()
{
    const int row = m_list->currentRow();
    m_remove->setEnabled(row >= 0);
    m_up->setEnabled(row > 0);
    m_down->setEnabled(row >= 0 && row + 1 < m_list->count());
    m_unset->setEnabled(!m_value.is_null());
}

bool ListField::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_list && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Delete) {
            removeSelected();
            return true;
        }
        if (key->key() == Qt::Key_Insert) {
            add(tr("new entry"), true);
            return true;
        }
    }
    return FieldEditor::eventFilter(watched, event);
}

} // namespace studio
