#pragma once

#include "ui/designer/formpage.h"

#include <QString>

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace studio {

class DataFacts;
class DataPreview;
class DataSummary;
class PromptsField;

/// Training, evaluation and test data sets: a card each with file, preview, column roles and score divisor.
class DataPage : public FormPage
{
    Q_OBJECT

public:
    DataPage(ExperimentDocument* document, DataFacts* facts, QWidget* parent = nullptr);

    bool owns(const QString& key) const override;
    void refresh(const QString& key) override;
    /// Adds a data set with this file, roles guessed (a file dropped on the window).
    void addFile(const QString& list, const QString& path);
    DataPreview* preview(const QString& setKey) const;

Q_SIGNALS:
    /// The head of a data set ("train[0]") was read, or its roles changed.
    void headRead(const QString& setKey);

protected:
    void build() override;
    bool isAdvanced(const FormRow* row) const override;

private:
    struct Card
    {
        QString key; ///< "train[0]"
        QWidget* widget = nullptr;
        DataPreview* preview = nullptr;
        DataSummary* summary = nullptr;
        PromptsField* prompts = nullptr;
        QLabel* reasons = nullptr;
        std::vector<FormRow*> rows;
        bool guessing = false; ///< roles are to be guessed when the head is there
    };
    void rebuild();
    Card makeCard(const QString& list, int index, QVBoxLayout* where);
    /// Tab goes down the page: cards and buttons in the order of the screen, roles between file and summary.
    void orderTabs();
    void removeSet(const QString& list, int index);
    void onHeadRead(const QString& key);
    void refreshCard(Card& card);
    Card* card(const QString& key);

    DataFacts* m_facts;
    QPushButton* m_addButtons[3] = {};
    QVBoxLayout* m_train = nullptr;
    QVBoxLayout* m_eval = nullptr;
    QVBoxLayout* m_test = nullptr;
    std::vector<Card> m_cards;
    int m_trainSets = -1;
    int m_evalSets = -1;
    int m_testSets = -1;
};

} // namespace studio
